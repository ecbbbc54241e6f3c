import { apply } from './apply.ts';
import { mediaOf, objectOf, parseJson, parseYaml } from './body.ts';
import type { JsonObject } from './json.ts';
import { jsonPatch } from './json-patch.ts';
import type { Manager } from './managed-fields.ts';
import { mergePatch, strategicPatch } from './merge.ts';
import { unsupportedMedia } from './status.ts';

export type Patch = {
  /** Apply makes what is not there; the others do not. */
  creates: boolean;
  to(object: JsonObject): JsonObject;
};

const types = ['json-patch+json', 'merge-patch+json', 'strategic-merge-patch+json', 'apply-patch+yaml'];
const ACCEPTED = types.map((type) => `application/${type}`).join(', ');

/** Reads a patch by its media type. Throws a 415 for one that is not known. */
export async function readPatch(
  type: string | undefined,
  body: Buffer,
  { manager, force, custom }: { manager: Manager; force: boolean; custom: boolean },
): Promise<Patch> {
  switch (mediaOf(type)) {
    case 'application/json-patch+json': {
      const operations = parseJson(body);
      return { creates: false, to: (object) => jsonPatch(object, operations) };
    }
    case 'application/merge-patch+json': {
      const changes = objectOf(parseJson(body));
      return { creates: false, to: (object) => mergePatch(object, changes) };
    }
    case 'application/strategic-merge-patch+json': {
      if (custom) throw unsupportedMedia(ACCEPTED);
      const changes = objectOf(parseJson(body));
      return { creates: false, to: (object) => strategicPatch(object, changes) };
    }
    case 'application/apply-patch+yaml': {
      const applied = objectOf(await parseYaml(body));
      return { creates: true, to: (object) => apply(object, applied, { ...manager, operation: 'Apply' }, force) };
    }
    default:
      throw unsupportedMedia(ACCEPTED);
  }
}
