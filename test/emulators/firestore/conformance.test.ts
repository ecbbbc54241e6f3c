import { afterAll, beforeAll } from 'vitest';
import { documents } from './conformance/documents.ts';
import { listeners } from './conformance/listeners.ts';
import { queries } from './conformance/queries.ts';
import { refusals } from './conformance/refusals.ts';
import { transactions } from './conformance/transactions.ts';
import { transforms } from './conformance/transforms.ts';
import { type Subject, startSubject } from './subject.ts';

/* One suite for both: our emulator, and Google's where FIRESTORE_EMULATOR_HOST names one. */

let started: Subject;
const subject = () => started;

beforeAll(async () => {
  started = await startSubject();
});

afterAll(() => started.stop());

documents(subject);
transforms(subject);
transactions(subject);
queries(subject);
listeners(subject);
refusals(subject);
