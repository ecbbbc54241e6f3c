import { startBigQuery } from '../../emulators/bigquery/bigquery.ts';
import { startFirestore } from '../../emulators/firestore/firestore.ts';

/** The stores that the instances share, in a process of their own, so that no kill of an instance touches them. */
const [firestore, bigquery] = await Promise.all([startFirestore(), startBigQuery()]);
process.once('disconnect', () => process.exit());
process.send?.({ firestore: firestore.address, bigquery: new URL(bigquery.url).host });
