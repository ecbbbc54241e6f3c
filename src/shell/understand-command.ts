import { readProgram } from './programs.ts';
import { literal, type Reading, type SimpleCommand, type Understanding } from './reading.ts';
import { readScript } from './scripts.ts';

/** Characters of a command, levels of nesting and programs in it, above which it is not read. */
const MOST_CHARACTERS = 64 * 1024;
const MOST_LEVELS = 30;
const MOST_COMMANDS = 1000;

/**
 * What a command does: a list of words goes to a program as it is; a text is a script of a shell. Whatever cannot be proven is in
 * `opaque`; nothing throws.
 */
export function understandCommand(command: readonly string[] | string): Understanding {
  const commands: SimpleCommand[] = [];
  const reasons = new Set<string>();
  let levels = 0;

  const reading: Reading = {
    run(words, redirections = []) {
      if (commands.length >= MOST_COMMANDS) return reading.opaque('it is too long');
      if (words.length > 0 || redirections.length > 0) commands.push({ words, redirections });
      readProgram(words, reading);
    },
    script(text) {
      reading.deeper(() => readScript(text, reading));
    },
    deeper(read) {
      if (levels >= MOST_LEVELS) return reading.opaque('it is nested too deeply');
      levels += 1;
      read();
      levels -= 1;
    },
    opaque(reason) {
      reasons.add(reason);
    },
  };

  const size = typeof command === 'string' ? command.length : command.join(' ').length;
  if (size > MOST_CHARACTERS) reading.opaque('it is too long');
  else if (typeof command === 'string') reading.script(command);
  else if (command.length === 0) reading.opaque('there is no program');
  else reading.run(command.map(literal));
  return { commands, opaque: [...reasons] };
}
