import { type Catalog, nameOf } from '../catalog/catalog.ts';
import { withGenerated } from '../changes/cascades.ts';
import { effectsOf, type WriteNode } from '../language/write-nodes.ts';
import type { Cover } from '../masks/masks.ts';
import { Refusal } from '../refusal.ts';

/**
 * R9: whoever sees the tokens of a column may not choose its values. A value that was written can be read back as its token, and
 * so be found wherever it stands: an agent could try numbers until it knows whose they are.
 */
export function checkTokenWrites(write: WriteNode, cover: Cover | undefined, catalog: Catalog): void {
  if (cover === undefined) return;
  const { relation, replacements } = cover;
  const effects = effectsOf(
    write,
    relation.columns.map(({ name }) => name),
  );
  for (const [name, place] of [...effects.inserted, ...effects.updated]) {
    const token = [...withGenerated(relation, [name], catalog)].find(
      (given) => replacements.get(given)?.transform === 'token',
    );
    if (token === undefined) continue;
    throw new Refusal(
      'R9',
      `What is written to ${nameOf(relation)}.${token} could be found in other rows by its token; write other columns`,
      place,
    );
  }
}
