import { forEachChild, type ParameterExpansionPart, type ParsedScript, type SyntaxNode } from 'unbash';
import { setVariable } from './names.ts';
import type { Reading } from './reading.ts';

type Inside = { reading: Reading; script(script: ParsedScript): void };

/**
 * What runs while words are expanded: substitutions are read; what shells do differently, and arithmetic on anything but numbers (an
 * index may hold a substitution, and so may the value of a variable), is opaque.
 */
export function readExpansions(nodes: readonly SyntaxNode[], inside: Inside) {
  for (const node of nodes) readExpansion(node, inside);
}

function readExpansion(node: SyntaxNode, inside: Inside) {
  const { reading } = inside;
  switch (node.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'SimpleExpansion':
      return;
    case 'AnsiCQuoted':
    case 'LocaleString':
    case 'ExtendedGlob':
      return reading.opaque('not every shell quotes in this way');
    case 'CommandExpansion':
    case 'ProcessSubstitution': {
      const isOdd = !/^(\$\(|`|[<>]\()/.test(node.text) || (node.text.startsWith('`') && node.text.includes('\\'));
      if (node.script === undefined || isOdd) return reading.opaque('not every shell substitutes in this way');
      return inside.script(node.script);
    }
    case 'ArithmeticExpansion':
      if (!/^\$\(\([\d\s+*/%()-]*\)\)$/.test(node.text)) reading.opaque('arithmetic may run what a variable holds');
      return;
    case 'ParameterExpansion':
      return readParameter(node, inside);
    default:
      return reading.deeper(() => forEachChild(node, (child) => readExpansion(child, inside)));
  }
}

function readParameter(node: ParameterExpansionPart, inside: Inside) {
  const { prefix, index, operation, parameter } = node;
  const { reading } = inside;
  if (prefix === '!' || index !== undefined) return reading.opaque('a variable may name what runs');
  if (operation === undefined) return;
  if (operation.type === 'Default' && operation.operator.includes('=')) setVariable(parameter, reading);
  if (['Transform', 'Names', 'Slice', 'Unknown'].includes(operation.type))
    return reading.opaque('a variable may hold what runs');
  forEachChild(operation, (child) => readExpansion(child, inside));
}
