import { Worker } from 'node:worker_threads';
import { Problem } from '../../../model/problem.ts';
import { placeOf } from '../refusal.ts';
import { type Answer, loadGrammar, parseText, type Question } from './parse-text.ts';
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

/** Characters up to which a text is read in a moment, whatever a caller put into it. */
const small = 8192;
const smallTrusted = 64 * 1024;
const isSmall = ({ question: { text, trusted } }: Job) => text.length <= (trusted ? smallTrusted : small);

/**
 * Characters up to which a text is read in this thread, as handing it over costs more than reading it. So few cannot overflow the
 * parser's stack, which takes some 8,000 terms, and take well under a millisecond.
 */
const tiny = 1024;
const tinyTrusted = 4096;
const isTiny = ({ text, trusted }: Question) => text.length <= (trusted ? tinyTrusted : tiny);

/** Jobs of one size that may wait. */
const room = 1000;

/**
 * Parses by PostgreSQL's own grammar, what is not tiny in worker threads. The first of them reads small statements only, the smallest first, so
 * that whoever sends what takes long, or breaks a worker, keeps nobody waiting but those who send as much. A worker that does not answer in time, dies, or fails other than
 * by a syntax error is replaced: after an overflow its memory can no longer be trusted.
 */
export function createParser({ workers = 2, deadline = 3000 }: ParserOptions = {}): Parser {
  const waiting: Job[] = [];
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  /** The one for small statements. */
  let quick: Worker | undefined;
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
    if (worker === quick) quick = undefined;
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

  /** Takes the job that a worker is to do next. */
  const jobFor = (worker: Worker): Job | undefined => {
    const large = worker === quick ? -1 : waiting.findIndex((job) => !isSmall(job));
    const index = large >= 0 ? large : smallest(waiting);
    return index < 0 ? undefined : waiting.splice(index, 1)[0];
  };

  const next = () => {
    for (const worker of [...idle]) {
      const job = jobFor(worker);
      if (job === undefined) continue;
      idle.splice(idle.indexOf(worker), 1);
      work(worker, job);
    }
    if (waiting.length === 0 || all.size >= workers) return;
    const worker = hire();
    if (workers > 1) quick ??= worker;
    idle.push(worker);
    next();
  };

  let grammar: Promise<void> | undefined;
  let isBroken = false;
  /** Undefined where it is for a worker to read: also once the parser of this thread has failed, for whatever reason. */
  const readHere = async (question: Question): Promise<Answer | undefined> => {
    if (isBroken || !isTiny(question)) return undefined;
    grammar ??= loadGrammar();
    await grammar;
    const answer = parseText(question);
    isBroken ||= 'broken' in answer;
    return isBroken ? undefined : answer;
  };

  const ask = async (question: Question): Promise<Parsed> =>
    parsed((await readHere(question)) ?? (await handOver(question)), question.text);

  const handOver = (question: Question): Promise<Answer> =>
    new Promise<Answer>((settle, refuse) => {
      const job = { question, settle };
      if (waiting.filter((other) => isSmall(other) === isSmall(job)).length >= room) {
        refuse(new Problem('rate-limited', { detail: 'Too many statements wait to be read.', retryAfter: 1 }));
        return;
      }
      waiting.push(job);
      next();
    });

  return {
    parse: (text) => ask({ text, trusted: false }),
    parseAgain: (text) => ask({ text, trusted: true }),
    async close() {
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
}

/** The place of the smallest of the small jobs, the oldest of equals; -1 where there is none. */
function smallest(jobs: readonly Job[]): number {
  let found = -1;
  let length = Number.POSITIVE_INFINITY;
  jobs.forEach((job, index) => {
    if (!isSmall(job) || job.question.text.length >= length) return;
    found = index;
    length = job.question.text.length;
  });
  return found;
}

function parsed(answer: Answer, text: string): Parsed {
  if ('broken' in answer)
    throw unreadable('R1: The statement is too complex to be read; write it flatter, and send it in parts.');
  if ('refused' in answer) throw unreadable(`R1: ${answer.refused}`);
  if ('syntaxError' in answer) {
    // The parser counts characters here and bytes everywhere else.
    throw unreadable(`Syntax error at ${placeOf(text, bytesBefore(text, answer.at))}.`);
  }

  const statements = nodesOf(answer.tree);
  const [first] = statements;
  if (statements.length !== 1 || first === undefined) {
    throw unreadable(
      `One statement is needed, and there are ${statements.length}; send each as an operation of its own.`,
    );
  }
  return { statement: fieldsOf(first['stmt']), tokens: answer.tokens };
}

function bytesBefore(text: string, characters: number): number {
  let units = 0;
  for (let count = 0; count < characters && units < text.length; count += 1) {
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  }
  return Buffer.byteLength(text.slice(0, units));
}

const unreadable = (detail: string) => new Problem('operation-unreadable', { detail });
