const CONVERSIONS: Record<string, (value: string) => string> = {
  INT64: (value) => `Bad int64 value: ${value}`,
  INT32: (value) => `int32 out of range: ${value}`,
  DOUBLE: (value) => `Bad double value: ${value}`,
  DECIMAL: (value) => `Invalid NUMERIC value: ${value}`,
  BOOL: (value) => `Bad bool value: ${value}`,
};

const COMPLAINTS: readonly [RegExp, (...found: string[]) => string][] = [
  [
    /Could not convert string ['"](.*)['"] to (\w+)/,
    (value = '', type = '') => CONVERSIONS[type]?.(value) ?? `Bad ${type} value: ${value}`,
  ],
  [/Could not convert string "(.*)" to DECIMAL/, (value) => `Invalid NUMERIC value: ${value}`],
  [/Could not cast value (.*) to DECIMAL/, (value) => `numeric out of range: ${value}`],
  [/date field (?:value out of range|format)?[^"]*"(.*?)"/, (value) => `Invalid date: '${value}'`],
  [/invalid date field format: "(.*?)"/, (value) => `Invalid date: '${value}'`],
  [/timestamp field (?:value out of range|format)?[^"]*"(.*?)"/, (value) => `Invalid timestamp: '${value}'`],
  [/time field value out of range: "(.*?)"/, (value) => `Invalid time: '${value}'`],
  [/Overflow in \w+ of INT64 \((.*)\)!/, (what) => `int64 overflow: ${what}`],
  [/Type \w+ with value (\S+) can't be cast/, (value) => `Value out of range: ${value}`],
  [/Could not parse string "(.*)" according to format/, (value) => `Failed to parse input string "${value}"`],
  [
    /Malformed JSON.*Input: "(.*)"/,
    (value) => `syntax error while parsing value - invalid literal; last read: '${value}'`,
  ],
  [/More than one row returned by a subquery/, () => 'Scalar subquery produced more than one element'],
  [
    /^Invalid Input Error: ((?:missing|unexpected|invalid|no argument).*)/,
    (what) => `Cannot parse regular expression: ${what}`,
  ],
];

/**
 * DuckDB's complaint about a value in the service's words, which repeat the value; `undefined` where it complains of something else.
 * Source: the messages of GoogleSQL's conversion and arithmetic functions.
 */
export function valueError(message: string): string | undefined {
  for (const [pattern, worded] of COMPLAINTS) {
    const found = pattern.exec(message);
    if (found) return worded(...found.slice(1));
  }
  return undefined;
}
