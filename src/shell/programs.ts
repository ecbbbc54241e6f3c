import { runsFurther } from './carriers.ts';
import { setVariable } from './names.ts';
import { isLiteral, type Reading, type Word } from './reading.ts';

/** Reads the arguments of a program (its own name is not among them). */
export type ReadArguments = (rest: readonly Word[], reading: Reading) => void;

const opaque =
  (reason: string): ReadArguments =>
  (_, reading) =>
    reading.opaque(reason);

const all = (names: string, read: ReadArguments) => names.split(' ').map((name) => [name, read] as const);

/** Whatever their arguments, they only show something: what the shell puts in for a variable cannot make them do anything else. */
const showing = new Set(
  (
    'echo cat head tail ls wc cut tr nl rev tac stat du df basename dirname readlink realpath pwd id whoami groups uname true false : ' +
    'sleep seq grep egrep fgrep printenv uptime free ps nproc md5sum sha1sum sha256sum cksum cmp comm diff date jq exit return break continue'
  ).split(' '),
);

const interpreters: Record<string, RegExp> = {
  python: /^-[a-zA-Z]*c|^-$/,
  perl: /^-[a-zA-Z0-9]*[eE]|^-[dDMm]|^-$/,
  ruby: /^-[a-z0-9]*e|^-r|^-$/,
  node: /^-(e|p|pe|r|i|-eval|-print|-require|-import|-interactive|-loader|-experimental-loader)|^-$/,
  php: /^-[rBREFa]|^-$/,
  lua: /^-[eli]|^-$/,
  java: /^-(agentlib|agentpath|javaagent|XX)|^@/,
};

const programs = new Map<string, ReadArguments>([
  ...all('sh bash dash ash rbash', readShell),
  ...all('zsh ksh mksh fish csh tcsh pwsh elvish nu rc', opaque('this shell has a grammar of its own')),
  ...all(
    'eval source . trap alias unalias bind complete compgen enable hash let mapfile readarray fc history shopt getopts',
    opaque('it makes the shell run or become something else'),
  ),
  ...all(
    'vi vim nvim vimdiff view ex ed emacs nano pico less more most man info top htop screen tmux expect gdb lldb ltrace irb ipython bpython tclsh',
    opaque('whatever is typed into it may run'),
  ),
  ...all(
    'psql mysql mariadb sqlite3 mongo mongosh cqlsh sqlplus sqlcmd clickhouse-client duckdb cypher-shell',
    opaque('a statement in another language is not understood here'),
  ),
  ...all(
    'ssh scp sftp rsync telnet nc ncat netcat socat docker podman nerdctl crictl ctr kubectl oc nsenter chroot unshare at batch crontab systemd-run systemctl capsh',
    opaque('it runs something elsewhere, later or outside'),
  ),
  ...all('awk gawk mawk nawk', readAwk),
  ...all('sed gsed', readSed),
  ...all('tar bsdtar gtar', readTar),
  ...all('test [', readTest),
  ...all('export readonly declare typeset local', readDeclaration),
  ['unset', readDeclaration],
  ['read', readRead],
  ['set', readSet],
  ['printf', readPrintf],
]);

/** What is known of a program by the last part of its path. What is not known does what it does, with just these arguments. */
export function readProgram(words: readonly Word[], reading: Reading) {
  const [program, ...rest] = words;
  if (program === undefined) return;
  const name = isLiteral(program) ? program.text.slice(program.text.lastIndexOf('/') + 1) : '';
  if (name === '' || /[^\x21-\x7e]/.test(name)) return reading.opaque('it is not known beforehand which program runs');
  const read = programs.get(name) ?? runsFurther.get(name);
  if (read !== undefined) return read(rest, reading);
  if (/^ld-(linux|musl)|\.so(\.\d+)*$/.test(name)) return reading.opaque('the loader runs any program');
  const language = /^(python|perl|ruby|node(?=js$)|node|php|lua|java)(js|jit)?[\d.]*$/.exec(name)?.[1];
  if (language !== undefined) return readInterpreter(interpreters[language] ?? /^/, rest, reading);
  if (!showing.has(name) && !rest.every(isLiteral)) reading.opaque('not all arguments are known beforehand');
}

/** `sh [options] -c script`, or a script in a file. */
function readShell(rest: readonly Word[], reading: Reading) {
  let inline = false;
  let index = 0;
  for (; ; index += 1) {
    const word = rest[index];
    if (word === undefined) return reading.opaque('a shell runs what it is sent');
    if (!isLiteral(word)) return reading.opaque('it is not known beforehand what the shell runs');
    if (word.text === '--') index += 1;
    if (word.text === '--' || !/^[-+]/.test(word.text)) break;
    if (/^--(norc|noprofile|posix)$/.test(word.text)) continue;
    if (!/^-([ceuxnfv]+|[euxnfv]*o)$/.test(word.text))
      return reading.opaque('this option may change what the shell runs');
    if (word.text.endsWith('o')) {
      index += 1;
      if (!/^(pipefail|errexit|nounset|xtrace|noglob)$/.test(rest[index]?.text ?? ''))
        return reading.opaque('this option may change what the shell runs');
    }
    if (word.text.includes('c')) inline = true;
  }
  const operand = rest[index];
  if (!isLiteral(operand)) return reading.opaque('it is not known beforehand what the shell runs');
  if (inline) return reading.script(operand.text);
  readScriptFile(operand, rest.slice(index + 1), reading);
}

/** A script in a file is a program like any other; one that is sent is not. */
function readScriptFile(file: Word, rest: readonly Word[], reading: Reading) {
  if (!isLiteral(file) || /^-|^$|^\/(dev|proc)\//.test(file.text))
    return reading.opaque('an interpreter runs what it is sent');
  if (!rest.every(isLiteral)) reading.opaque('not all arguments are known beforehand');
}

function readInterpreter(inline: RegExp, rest: readonly Word[], reading: Reading) {
  if (!rest.every(isLiteral)) return reading.opaque('not all arguments are known beforehand');
  const first = rest.findIndex(({ text }) => !/^-./.test(text) || /^-m/.test(text));
  const options = first < 0 ? rest : rest.slice(0, first);
  if (options.length === 1 && /^(-V|-v|--version|-version|-h|--help)$/.test(rest[0]?.text ?? '') && rest.length === 1)
    return;
  if (first < 0 || rest.slice(0, first + 1).some(({ text }) => inline.test(text)))
    return reading.opaque('code in another language is not understood here');
  const operand = rest[first];
  if (operand !== undefined && !operand.text.startsWith('-m')) readScriptFile(operand, [], reading);
}

/** Programs that only pick and print: nothing that runs, reads or writes anything else. */
function readAwk(rest: readonly Word[], reading: Reading) {
  const operands = rest[0]?.text === '-F' ? rest.slice(2) : rest.filter(({ text }, at) => at > 0 || !/^-F./.test(text));
  const program = operands[0];
  const isPlain =
    rest.every(isLiteral) &&
    program !== undefined &&
    !program.text.startsWith('-') &&
    !/[|>@<&]|getline|system|close|fflush|print\s*\(.*>/.test(program.text.replace(/&&|[<>]=?\s*\d|NR\s*[<>]/g, ''));
  if (!isPlain) reading.opaque('code in another language is not understood here');
}

/** Substitutions and deletions alone: `e`, `w`, `r` and their kind run, write and read. */
function readSed(rest: readonly Word[], reading: Reading) {
  const scripts = rest.filter(
    ({ text }, at) =>
      rest[at - 1]?.text === '-e' ||
      (at === firstOperand(rest) && !rest.some((w) => w.text === '-e')) ||
      (text.startsWith('-') && !/^-([nErsz]|e|i(\.\w+)?|E|-)$/.test(text)),
  );
  const simple = /^(\d+|\$|\d+,(\d+|\$))?([pdq=]|s([/|#,])((?!\4)[^\\\n]|\\.)*\4((?!\4)[^\\\n]|\\.)*\4[gpiI\d]*)$/;
  if (!rest.every(isLiteral) || scripts.length === 0 || !scripts.every(({ text }) => simple.test(text)))
    reading.opaque('code in another language is not understood here');
}

const firstOperand = (words: readonly Word[]) => words.findIndex(({ text }) => !text.startsWith('-'));

function readTar(rest: readonly Word[], reading: Reading) {
  const isPlain = rest.every(
    ({ text, literal }) =>
      literal &&
      !/^--?(checkpoint|to-c|use|rsh|info|new-v|rmt|transform|I|F)/.test(text) &&
      !/^-[a-zA-Z]*[IF]/.test(text),
  );
  if (!isPlain) reading.opaque('this option makes tar run a program');
}

/** `-v` looks at the index of an array, which may run something. */
function readTest(rest: readonly Word[], reading: Reading) {
  if (!rest.every(isLiteral) || rest.some(({ text }) => /^-[vR]$/.test(text)))
    reading.opaque('a test on what is not known beforehand may run something');
}

function readDeclaration(rest: readonly Word[], reading: Reading) {
  for (const { text, literal } of rest) {
    const name = /^\w+(?==|$)/.exec(text)?.[0];
    if (name === undefined || (!literal && !text.includes('='))) return reading.opaque('it may change what runs');
    setVariable(name, reading);
  }
}

function readRead(rest: readonly Word[], reading: Reading) {
  readDeclaration(
    rest.filter(({ text }) => text !== '-r'),
    reading,
  );
}

function readSet(rest: readonly Word[], reading: Reading) {
  const isPlain = rest.every(
    ({ text, literal }, at) => literal && (/^-[euxo]+$/.test(text) || (at > 0 && text === 'pipefail')),
  );
  if (!isPlain || rest.length === 0) reading.opaque('it may change how the shell reads');
}

function readPrintf(rest: readonly Word[], reading: Reading) {
  if (!isLiteral(rest[0]) || rest[0].text.startsWith('-'))
    reading.opaque('it may set a variable, or run what one holds');
}
