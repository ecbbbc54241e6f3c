import { Worker } from 'node:worker_threads';
import { Problem } from '../../model/problem.ts';
import type { Answer, Question } from './parse-worker.ts';
import { placeOf } from './refusal.ts';
import { fieldsOf, nodesOf, type Parsed } from './syntax.ts';

export type Parser = {
  /** The one statement in the text. Throws `operation-unreadable` for anything else. */
  parse(text: string): Promise<Parsed>;
  /** The same for text that was made of a statement that was parsed already: without its tokens. */
  parseAgain(text: string): Promise<Parsed>;
  close(): Promise<void>;
};

export type ParserOptions = { workers?: number /** Milliseconds. */; deadline?: number };

const loading = 10_000;

type Job = { question: Question; settle: (answer: Answer) => void };

/**
 * Parses by PostgreSQL's own grammar in worker threads. A worker that does not answer in time, dies, or fails other than
 * by a syntax error is replaced: after an overflow its memory can no longer be trusted.
 */
export function createParser({ workers = 2, deadline = 3000 }: ParserOptions = {}): Parser {
  const waiting: Job[] = [];
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  const started = new WeakSet<Worker>();

  const hire = () => {
    const worker = new Worker(new URL('./parse-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    });
    worker.unref();
    // One that was let go may still fail, which must not become an uncaught exception.
    worker.on('error', () => {});
    all.add(worker);
    return worker;
  };
  const dismiss = (worker: Worker) => {
    all.delete(worker);
    void worker.terminate();
  };

  const work = (worker: Worker, { question, settle }: Job) => {
    const done = (answer: Answer) => {
      clearTimeout(timer);
      worker.off('message', done).off('error', fault).off('exit', fault);
      if ('broken' in answer) dismiss(worker);
      else idle.push(worker);
      settle(answer);
      next();
    };
    const fault = () => done({ broken: true });
    // A worker's first answer includes loading the grammar.
    const timer = setTimeout(fault, started.has(worker) ? deadline : deadline + loading);
    started.add(worker);
    worker.on('message', done).on('error', fault).on('exit', fault);
    worker.postMessage(question);
  };

  const next = () => {
    if (waiting.length === 0) return;
    const worker = idle.pop() ?? (all.size < workers ? hire() : undefined);
    if (worker === undefined) return;
    const job = waiting.shift();
    if (job === undefined) idle.push(worker);
    else work(worker, job);
  };

  const ask = async (question: Question): Promise<Parsed> => {
    if (waiting.length > 1000) {
      throw new Problem('rate-limited', { detail: 'Too many statements wait to be read.', retryAfter: 1 });
    }
    const answer = await new Promise<Answer>((settle) => {
      waiting.push({ question, settle });
      next();
    });
    return parsed(answer, question.text);
  };

  return {
    parse: (text) => ask({ text, trusted: false }),
    parseAgain: (text) => ask({ text, trusted: true }),
    async close() {
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
}

function parsed(answer: Answer, text: string): Parsed {
  if ('broken' in answer) throw unreadable('The statement is too complex to be read.');
  if ('refused' in answer) throw unreadable(answer.refused);
  if ('syntaxError' in answer) {
    // The parser counts characters here and bytes everywhere else.
    const bytes = Buffer.byteLength([...text].slice(0, answer.at).join(''));
    throw unreadable(`Syntax error at ${placeOf(text, bytes)}.`);
  }

  const statements = nodesOf(answer.tree);
  const [first] = statements;
  if (statements.length !== 1 || first === undefined) {
    throw unreadable(`One statement is needed, and there are ${statements.length}.`);
  }
  return { statement: fieldsOf(first['stmt']), tokens: answer.tokens };
}

const unreadable = (detail: string) => new Problem('operation-unreadable', { detail });
