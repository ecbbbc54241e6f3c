/** Lines of words; a narrow terminal breaks them itself. */
export function wrapped(text: string, width: number): string[] {
  if (width < 30) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
