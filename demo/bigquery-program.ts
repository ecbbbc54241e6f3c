import { startBigQuery } from '../emulators/bigquery/bigquery.ts';

/** The BigQuery emulator as a program: its work on many rows must not hold up Firestore's. Ends with the stand. */
const { url } = await startBigQuery({ port: Number(process.argv[2]) });
// Ctrl-C reaches the whole terminal group, and the roles still ship what they recorded.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.send?.({ url });
