// Writes the Parquet files that ParquetFileTest reads, by Arrow's own writer:
//   npm install apache-arrow@21.2.0 parquet-wasm@0.8.0 && node make.mjs DIRECTORY
import * as arrow from "apache-arrow";
import * as parquet from "parquet-wasm";
import { writeFileSync } from "node:fs";

const rows = 1000;
const of = (type, value) =>
  arrow.vectorFromArray(Array.from({ length: rows }, (_, i) => value(i)), type);
const table = new arrow.Table({
  amount: of(new arrow.Float64(), i => (i % 10 === 3 ? null : i / 8)),
  score: of(new arrow.Float32(), i => i / 4 - 100),
  age: of(new arrow.Int32(), i => (i % 7 === 0 ? null : i - 500)),
  big: of(new arrow.Int64(), i => BigInt(i) * 1000000007n),
  flag: of(new arrow.Bool(), i => i % 3 === 0),
  city: of(new arrow.Utf8(), i => (i % 11 === 0 ? null : ["Zürich", "Oslo", "Łódź"][i % 3])),
  at: of(new arrow.TimestampMicrosecond(), i => 1767225600000 + i * 60000),
  day: of(new arrow.DateDay(), i => new Date((20454 + i) * 86400000)),
  user: of(
    new arrow.Struct([new arrow.Field("height", new arrow.Float64(), true)]),
    i => (i % 5 === 0 ? null : { height: i / 2 })),
  tags: of(new arrow.List(new arrow.Field("item", new arrow.Int32(), true)), i => [i, i + 1]),
});

for (const name of ["UNCOMPRESSED", "SNAPPY", "ZSTD", "GZIP"]) {
  const properties = new parquet.WriterPropertiesBuilder()
    .setCompression(parquet.Compression[name])
    .setMaxRowGroupSize(300)
    .build();
  const wasm = parquet.Table.fromIPCStream(arrow.tableToIPC(table, "stream"));
  writeFileSync(`${process.argv[2]}/${name.toLowerCase()}.parquet`, parquet.writeParquet(wasm, properties));
}

// Lists of eight numbers each, some missing.
const vectors = new arrow.Table({
  embedding: of(
    new arrow.List(new arrow.Field("item", new arrow.Float32(), true)),
    i => (i % 9 === 4 ? null : Array.from({ length: 8 }, (_, k) => i + k / 8))),
  score: of(new arrow.Float32(), i => i / 4 - 100),
});
const wasm = parquet.Table.fromIPCStream(arrow.tableToIPC(vectors, "stream"));
const properties = new parquet.WriterPropertiesBuilder()
  .setCompression(parquet.Compression.ZSTD)
  .setMaxRowGroupSize(300)
  .build();
writeFileSync(`${process.argv[2]}/vectors.parquet`, parquet.writeParquet(wasm, properties));
