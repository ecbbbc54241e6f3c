import { z } from 'zod';
import { never, unreadable } from '../refusal.ts';

const pointer = z
  .string()
  .max(4000)
  .regex(/^(\/([^~/]|~[01])*)*$/);

/** One change of a JSON patch (RFC 6902); anything else in it is refused. */
const changeSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.enum(['add', 'replace', 'test']), path: pointer, value: z.unknown() }),
  z.strictObject({ op: z.literal('remove'), path: pointer, value: z.unknown().optional() }),
  z.strictObject({ op: z.enum(['copy', 'move']), path: pointer, from: pointer }),
]);
export type Change = z.output<typeof changeSchema>;

export function readChanges(patch: unknown): readonly Change[] {
  const changes = z.array(changeSchema).max(10_000).safeParse(patch);
  if (changes.success) return changes.data;
  throw unreadable('patch', 'Each change of a JSON patch has an op, a path, and a value or a from.');
}

/** What holds nothing that is masked, so it may be compared and moved: whoever tests a value otherwise learns whether it guessed right. */
const open =
  /^\/metadata\/(labels\/[^/]+|name|namespace|uid|resourceVersion|generation|finalizers(\/\d+|\/-)?|ownerReferences(\/.*)?)$|^\/(kind|apiVersion|spec\/replicas)$/;

/** Refuses what a JSON patch could tell of masked values: `test` by whether it holds, `copy` and `move` by taking them where they are not masked. */
export function refuseTelling(changes: readonly Change[], { classified }: { classified: boolean }): void {
  for (const change of changes) {
    if (change.op === 'add' || change.op === 'replace' || change.op === 'remove') continue;
    const paths = 'from' in change ? [change.path, change.from] : [change.path];
    if (classified || !paths.every((path) => open.test(path)))
      throw never(
        'patch',
        `A JSON patch may not ${change.op} here, as it could tell of what is masked: add, replace or remove instead.`,
      );
  }
}
