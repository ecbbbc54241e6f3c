import { expect, test } from 'vitest';
import { planOf } from '../../src/cli/plan.ts';
import { planText } from '../../src/cli/plan-text.ts';
import { coloured, plain } from '../../src/cli/terminal.ts';

const group = (name: string, ...members: string[]) => ({ kind: 'groups' as const, name, document: { members } });
const policy = (name: string, effect: string) => ({ kind: 'policies' as const, name, document: { effect } });
const inForce = <T extends object>(document: T) => ({ ...document, etag: '"1"' });
const text = (plan: ReturnType<typeof planOf>, prune = false) => planText(plan, { paint: plain, prune });

test('what matches already is left alone, whatever the order of its fields', () => {
  const authored = { kind: 'groups' as const, name: 'g', document: { a: 1, b: 2 } };
  const stored = inForce({ kind: 'groups' as const, name: 'g', document: { b: 2, a: 1 } });

  const plan = planOf([authored], [stored], { prune: false });

  expect(plan.changes).toEqual([]);
  expect(text(plan)).toContain('No changes.');
});

test('what is in no file stays unless it is pruned', () => {
  const stored = [inForce(group('old'))];

  expect(planOf([], stored, { prune: false }).changes).toEqual([]);
  expect(text(planOf([], stored, { prune: false }))).toContain('1 in force is in no file and will stay');
  expect(planOf([], stored, { prune: true }).changes).toMatchObject([{ action: 'remove', name: 'old', etag: '"1"' }]);
});

test('grants go first and come last, so that no moment is more open than before or after', () => {
  const stored = [inForce(policy('old-allow', 'allow')), inForce(policy('old-guard', 'guard')), inForce(group('old'))];
  const authored = [policy('new-allow', 'allow'), policy('new-deny', 'deny'), group('new')];

  const { changes } = planOf(authored, stored, { prune: true });

  expect(changes.map(({ action, name }) => `${action} ${name}`)).toEqual([
    'remove old-allow',
    'create new',
    'create new-deny',
    'create new-allow',
    'remove old-guard',
    'remove old',
  ]);
});

test('a plan reads field by field', () => {
  const before = {
    kind: 'connections' as const,
    name: 'crm',
    document: { limits: { rows: 1000 }, record: 'masked', same: 1 },
  };
  const after = { ...before, document: { limits: { rows: 500 }, labels: { 'a.b': 'c' }, same: 1 } };

  const plan = planOf([after, group('new', 'user:a@b.c')], [inForce(before)], { prune: false });

  expect(text(plan)).toBe(`\
  # groups/new will be created
  + groups/new
      + members: ["user:a@b.c"]

  # connections/crm will be changed
  ~ connections/crm
      + labels."a.b": "c"
      ~ limits.rows: 1000 → 500
      - record: "masked"

Plan: 1 to create, 1 to change, 0 to remove.
`);
});

test('colour is there for terminals alone', () => {
  const plan = planOf([group('new')], [], { prune: false });

  expect(planText(plan, { paint: coloured, prune: false })).toContain('\u001b[32m');
  expect(text(plan)).not.toContain('\u001b');
});

test('what is stored cannot steer the terminal or hide from the reader', () => {
  const evil = { kind: 'groups' as const, name: 'g', document: { 'k\u001b]0;x': 'a\u001b[31m\u202e\u200bb\u0085' } };

  const shown = text(planOf([], [inForce(evil)], { prune: true }), true);

  expect(shown).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  expect(shown).toContain('\\u{202e}');
});
