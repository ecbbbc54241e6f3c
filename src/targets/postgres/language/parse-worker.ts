import { parentPort } from 'node:worker_threads';
import { loadGrammar, parseText, type Question } from './parse-text.ts';

/** The parser in a thread of its own: a statement that breaks it breaks nothing else. */
void loadGrammar().then(() =>
  parentPort?.on('message', (question: Question) => parentPort?.postMessage(parseText(question))),
);
