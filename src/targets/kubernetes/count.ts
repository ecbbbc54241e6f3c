import { createHash } from 'node:crypto';
import { maskText } from '../../masking/masking.ts';
import type { Operation } from '../../model/operation.ts';
import type { Estimate } from '../target.ts';
import { deleteOptions, writeDeletion } from './deletion.ts';
import { listAt, parseJson, textAt } from './json.ts';
import { judge, risksOf } from './judge/judge.ts';
import { writeAddress } from './path.ts';
import type { Plan } from './plan.ts';
import { refusalOf } from './refused.ts';
import { statementWith } from './shown.ts';
import { readWhole, type Send } from './upstream.ts';

const PAGE = 500;
/** Objects that are counted; beyond it nobody knows how many. */
const MOST = 5000;
const MOST_PAGE = 8 * 1024 * 1024;
/** Names that an approver is shown. */
const NAMES = 40;
const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';

type Counted = Pick<Operation<Plan>, 'statement' | 'recorded' | 'plan'>;

/** What a deletion of many would delete now, by the same selectors. Which objects those are is part of what is approved. */
export async function countDeletion({ statement, recorded, plan }: Counted, send: Send): Promise<Estimate<Plan>> {
  const { names, isWhole } = await list(plan, send);
  const result = `gone: ${names.length}${isWhole ? '' : ' and more'} objects, sha256:${digestOf(names)}`;
  const body = writeDeletion(deleteOptions(plan), {});
  const headers = [['content-type', 'application/json']] as const;
  return {
    risks: ['bulk', ...(isWhole ? [] : (['unbounded'] as const)), ...risksOf(judge({ info: plan.info, before: {} }))],
    estimates: {
      ...(isWhole && { changes: names.length }),
      plan: shown(names),
    },
    statement: statementWith(statement, result),
    recorded: { ...recorded, statement: statementWith(recorded.statement, result) },
    replan: (understood) => ({ ...understood, judged: { body, headers, pinned: false, result } }),
  };
}

function shown(names: readonly string[]): string {
  const rest = names.length - NAMES;
  const lines = names.slice(0, NAMES).map((name) => `- ${name}`);
  return maskText([...lines, ...(rest > 0 ? [`… and ${rest} more`] : [])].join('\n'), { unmask: [] }).text;
}

/** Names with their namespaces, in order. */
async function list(plan: Plan, send: Send): Promise<{ names: string[]; isWhole: boolean }> {
  const { segments } = plan.info;
  const selectors = plan.query.filter(([name]) => name === 'labelSelector' || name === 'fieldSelector');
  const names: string[] = [];
  let next = '';
  do {
    const query = [
      ...selectors,
      ['limit', String(PAGE)] as const,
      ...(next === '' ? [] : [['continue', next] as const]),
    ];
    const answer = await send({ method: 'GET', path: writeAddress({ segments, query }), accept });
    if (answer.status >= 400) throw await refusalOf(answer, plan);
    const page = parseJson((await readWhole(answer, MOST_PAGE)).toString('utf8'));
    for (const item of listAt(page, 'items')) names.push(nameOf(item));
    next = textAt(page, 'metadata', 'continue');
  } while (next !== '' && names.length < MOST);
  return { names: names.sort(), isWhole: next === '' };
}

const nameOf = (item: unknown) =>
  [textAt(item, 'metadata', 'namespace'), textAt(item, 'metadata', 'name')].filter((word) => word !== '').join('/');

const digestOf = (names: readonly string[]) => createHash('sha256').update(names.join('\n')).digest('hex');
