import type { Connection } from '../../model/connection.ts';
import type { StructureQuestion } from '../../model/structure.ts';
import { pageOf } from '../../model/structure-page.ts';
import type { Settings } from './settings.ts';

/** What an agent may know of a host, a page at a time: the commands that are declared for it, of which policy might grant something. */
export function schemaOf({ commands, environment }: Settings, question: StructureQuestion, { name }: Connection) {
  const { query, mayTouchSome } = question;
  const byTemplate = new Map(commands.map((command) => [command.template, command]));
  const isVisible = (template: string) =>
    (byTemplate.get(template)?.resources ?? ['*']).some((resource) =>
      mayTouchSome(resource.replace(/\{[^}]*\}/g, '*')),
    );
  const { page, next } = pageOf([...byTemplate.keys()].sort(), query, isVisible);
  return {
    connection: name,
    commands: page.flatMap((template) => {
      const command = byTemplate.get(template);
      if (command === undefined) return [];
      const { verb, risks, parameters, resources } = command;
      return [{ template, verb, risks, parameters, ...(resources !== undefined && { resources }) }];
    }),
    environment,
    ...(next !== undefined && { next_page_token: next }),
  };
}
