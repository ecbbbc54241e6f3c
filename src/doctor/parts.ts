import { each, type Found } from './check.ts';
import { type Facts, type Part, roles, shortName } from './facts.ts';

/** What is found of each service that is there; of one that is not, `services.ready` tells. */
export function ofParts(look: (part: Part, facts: Facts) => Promise<readonly Found[]> | readonly Found[]) {
  return (facts: Facts) =>
    each(roles, facts.project, async (role) => {
      const part = await facts.part(role);
      return part === undefined ? [] : look(part, facts);
    });
}

export const nameOf = ({ path }: Part) => shortName(path);

/** A command that changes a service. */
export const update = (part: Part, { project, region }: Facts, change: string) =>
  `gcloud run services update ${nameOf(part)} --project=${project} --region=${region} ${change}`;
