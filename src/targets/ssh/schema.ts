import type { Connection } from '../../model/connection.ts';
import type { StructureQuestion } from '../../model/structure.ts';
import { pageOf } from '../../model/structure-page.ts';
import type { Declared } from './commands.ts';
import type { Settings } from './settings.ts';

/** What an agent may know of a host, a page at a time: the commands that are declared for it, where policy might grant what they touch. */
export function schemaOf({ commands, environment }: Settings, question: StructureQuestion, { name }: Connection) {
  const byTemplate = Map.groupBy(commands.declared, ({ template }) => template);
  const isVisible = (template: string) =>
    (byTemplate.get(template) ?? []).some((one) => touched(one).every((resource) => question.mayTouchSome(resource)));
  const { page, next } = pageOf([...byTemplate.keys()].sort(), question.query, isVisible);
  return {
    connection: name,
    commands: page.flatMap((template) => (byTemplate.get(template) ?? []).map(describe)),
    environment,
    ...(next !== undefined && { next_page_token: next }),
  };
}

/** With a star for what a parameter will say. */
const touched = ({ resources }: Declared) => resources.map((resource) => resource.replace(/\{[^}]*\}/g, '*'));

function describe({ template, verb, risks, parameters, resources, input }: Declared) {
  return { template, verb, risks, parameters, input, resources };
}
