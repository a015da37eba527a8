// The daily reports: clean purchases, reconciliation, ROAS, anomalies and ARPDAU from four CSV files.
// The same input gives the same bytes, on any day and in any row order; every row ends in one place.
export { type ComputeParts, createCompute } from './compute/compute.ts'
export * from './runs/runs.ts'
