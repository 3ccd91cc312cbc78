// Asks for loan scores over REST, with nothing but Node's own fetch: node loan.mjs [URL]

const url = process.argv[2] ?? 'http://localhost:8000';

// salary, commission, age, elevel, car, zipcode, hvalue, hyears, loan; a row each.
const applicants = [
  [90000, 0, 40, 2, 5, 3, 400000, 10, 180000],
  [90000, 0, 40, 2, 5, 3, 400000, 10, 220000],
];

const response = await fetch(`${url}/v2/models/loan/infer`, {
  method: 'POST',
  signal: AbortSignal.timeout(10_000),
  body: JSON.stringify({
    inputs: [{ name: 'features', datatype: 'FP32', shape: [2, 9], data: applicants }],
  }),
});
const answer = await response.json();
if (!response.ok) {
  throw new Error(answer.error);
}
answer.outputs[0].data.forEach((score, row) => {
  console.log(`applicant ${row + 1}: approved with probability ${score.toFixed(4)}`);
});
