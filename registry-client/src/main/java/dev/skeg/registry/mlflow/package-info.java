/**
 * Models in MLflow's model registry.
 *
 * <p>Start at {@link dev.skeg.registry.mlflow.MlflowProvider}. {@code MlflowApi} speaks the REST
 * API and turns its errors into ours, {@code MlflowArtifacts} lists and moves files, {@link
 * dev.skeg.registry.mlflow.MlflowWriter} writes tags and aliases back. MLflow keeps no digests and
 * artifacts can change, so a revision is a version's number and a fingerprint of its files.
 * <b>Threads.</b> Any; everything blocks. <b>May use:</b> {@code dev.skeg.registry}, {@code
 * transport}.
 */
@NullMarked
package dev.skeg.registry.mlflow;

import org.jspecify.annotations.NullMarked;
