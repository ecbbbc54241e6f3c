import { canonicalJson } from '../model/canonical.ts';
import { isRecord } from './json.ts';
import type { Change, Plan } from './plan.ts';
import { type Paint, printable } from './terminal.ts';

const signs = { create: '+', change: '~', remove: '-' } as const;
const colours = { create: 'green', change: 'yellow', remove: 'red' } as const;
const futures = { create: 'will be created', change: 'will be changed', remove: 'will be removed' } as const;

/** A plan as people read it: one block for each document, one line for each field that differs. */
export function planText({ changes, strays }: Plan, { paint, prune }: { paint: Paint; prune: boolean }): string {
  if (changes.length === 0)
    return `No changes. What is in force matches the files.\n${strayText(strays.length, prune)}`;
  const blocks = changes.map((change) => changeText(change, paint));
  return `${blocks.join('\n')}\n${summaryOf(changes, paint)}\n${strayText(strays.length, prune)}`;
}

/** `Plan: 1 to create, 2 to change, 0 to remove.` */
function summaryOf(changes: readonly Change[], paint: Paint) {
  const count = (action: Change['action']) => changes.filter((change) => change.action === action).length;
  return `${paint('bold', 'Plan:')} ${count('create')} to create, ${count('change')} to change, ${count('remove')} to remove.`;
}

function strayText(strays: number, prune: boolean) {
  if (strays === 0 || prune) return '';
  return `${strays} in force ${strays === 1 ? 'is' : 'are'} in no file and will stay; --prune removes ${strays === 1 ? 'it' : 'them'}.\n`;
}

function changeText(change: Change, paint: Paint): string {
  const { action, kind, name } = change;
  const head = paint('bold', `  # ${kind}/${name} ${futures[action]}`);
  const lines = fieldsOf(change).map(({ sign, text }) => paint(colours[sign], `      ${signs[sign]} ${text}`));
  return [head, paint(colours[action], `  ${signs[action]} ${kind}/${name}`), ...lines, ''].join('\n');
}

type Line = { sign: Change['action']; text: string };

function fieldsOf(change: Change): Line[] {
  const before = change.action === 'create' ? new Map<string, string>() : leavesOf(change.before);
  const after = change.action === 'remove' ? new Map<string, string>() : leavesOf(change.after);
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => lineFor(path, before.get(path), after.get(path)));
}

function lineFor(path: string, before: string | undefined, after: string | undefined): Line[] {
  if (before === after) return [];
  if (before === undefined) return [{ sign: 'create', text: `${path}: ${after}` }];
  if (after === undefined) return [{ sign: 'remove', text: `${path}: ${before}` }];
  return [{ sign: 'change', text: `${path}: ${before} → ${after}` }];
}

/** Each field by its path; a list is one value, as its order may matter. */
function leavesOf(value: unknown, path = ''): Map<string, string> {
  if (!isRecord(value) || (path !== '' && Object.keys(value).length === 0))
    return new Map([[path, printable(canonicalJson(value ?? null))]]);
  return new Map(Object.entries(value).flatMap(([key, item]) => [...leavesOf(item, joined(path, key))]));
}

function joined(path: string, key: string) {
  const name = /^[\w-]+$/.test(key) ? key : printable(JSON.stringify(key));
  return path === '' ? name : `${path}.${name}`;
}
