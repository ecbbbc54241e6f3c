import { type CelInput, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { measure, type Shape } from './condition-shape.ts';
import type { Question } from './question.ts';
import { variablesOf } from './variables.ts';

export type Verdict = 'holds' | 'fails' | 'error';

export type Condition = {
  /** `error` as well for what is no boolean, for what is too costly, and for a condition that does not compile. Never throws. */
  judge(question: Question): Verdict;
  /** Whether the answer can depend on what is done, or only on who does it, where and when. */
  ofOperation: boolean;
  ofIdentity: boolean;
  /** Whether one and the same identity, at the same connection, could get two answers for operations of one verb, with the same risks, resources and classes. */
  ofMoment: boolean;
  /**
   * As `judge` where not all is known: what is unrecorded (`identity.claims`, `operation.statement`) is taken to be absent. Names the field on which the answer hangs. CEL's `||` and `&&` absorb an error on one side, whatever that side would have
   * been, so an answer is one for all values that are not known; only what asks for presence could be fooled.
   */
  judgeRecorded(question: Question, unrecorded: ReadonlySet<string>): Verdict | { unknown: string };
};

/** Elements and characters that one evaluation may look at: about a quarter of a second at the very worst. */
const dearest = 250_000;

const env = celEnv();

/** A condition in the Common Expression Language (https://cel.dev), as in IAM Conditions; regular expressions are RE2's. */
export function compile(text: string): Condition {
  try {
    const { run, shape } = prepare(text);
    return {
      judge: (question) => judge(run, shape, question),
      judgeRecorded(question, unrecorded) {
        const verdict = judge(run, shape, question, unrecorded);
        const unknown = [...unrecorded].find((field) => mayHangOn(field, verdict, shape));
        return unknown === undefined ? verdict : { unknown };
      },
      ofOperation: shape.variables.has('operation'),
      ofIdentity: shape.variables.has('identity'),
      ofMoment: mayChange(shape),
    };
  } catch {
    const never = { ofOperation: false, ofIdentity: false, ofMoment: false };
    return { judge: () => 'error', judgeRecorded: () => 'error', ...never };
  }
}

/** What is wrong with a condition, or undefined. */
export function explain(text: string): string | undefined {
  try {
    prepare(text);
    return undefined;
  } catch (error) {
    return error instanceof RangeError ? 'it is nested too deeply' : error instanceof Error ? error.message : 'unknown';
  }
}

const lasting = /^(identity|connection)\.|^operation\.(verb|risks|resources|classes)$/;

/** What a regular expression costs depends on how long the statement is. */
function mayChange({ fields, regexes }: Shape) {
  return regexes > 0 || [...fields].some((field) => !lasting.test(field));
}

function mayHangOn(field: string, verdict: Verdict, { fields, presences }: Shape) {
  const [variable = ''] = field.split('.');
  if (fields.has(`${variable}.*`) || presences.has(field)) return true;
  return verdict === 'error' && fields.has(field);
}

type Run = ReturnType<typeof prepare>['run'];

/** Parsed, looked through and planned; throws in words for the author. */
function prepare(text: string) {
  const { expr } = parse(text);
  const shape = measure(expr, (name) => env.funcs.find(name) !== undefined);
  return { run: plan(env, expr), shape };
}

function judge(run: Run, shape: Shape, question: Question, unrecorded?: ReadonlySet<string>): Verdict {
  if (costOf(shape, question) > dearest) return 'error';
  try {
    const result = run(variablesOf(question, timestamp, unrecorded));
    if (isCelError(result) || typeof result !== 'boolean') return 'error';
    return result ? 'holds' : 'fails';
  } catch {
    return 'error';
  }
}

/** Each comprehension runs over at most the longest list there is; a regular expression reads at most the longest text. */
function costOf({ nodes, nesting, regexes }: Shape, { operation, groups }: Question) {
  const { resources = [], risks = [], classes = [], statement = '' } = operation ?? {};
  const longest = nodes + Math.max(resources.length, risks.length, classes.length, groups.length, tokenItems);
  return (nodes + regexes * statement.length) * (nesting === 0 ? 1 : longest ** nesting);
}

/** A token of usual size holds no longer list than this in its claims. */
const tokenItems = 50;

const toTimestamp = plan(env, parse('timestamp(text)').expr);

/** CEL's own timestamp, made by CEL itself. */
function timestamp(date: Date): CelInput {
  const made = toTimestamp({ text: date.toISOString() });
  if (isCelError(made)) throw made;
  return made;
}
