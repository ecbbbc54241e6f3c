export { escapesOf } from './escapes.ts';
export type { Understanding } from './reading.ts';
export { recordable, withoutPlaced } from './recordable.ts';
export { nameOf, programsOf, risksOf } from './risks.ts';
export { secretsByPlace } from './secret-arguments.ts';
export { fill, matchTemplate, namesIn, readTemplate, type Template, wordsOf } from './templates.ts';
export { understandCommand } from './understand-command.ts';
export { quoteWords } from './words.ts';
