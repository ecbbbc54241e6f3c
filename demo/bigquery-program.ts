import { startBigQuery } from '../emulators/bigquery/bigquery.ts';

/** The BigQuery emulator as a program: its work on many rows must not hold up Firestore's. Ends with the stand. */
const { url } = await startBigQuery({ port: Number(process.argv[2]) });
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.send?.({ url });
