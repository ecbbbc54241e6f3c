// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so do shells write their variables
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { understandCommand } from '../../src/shell/shell.ts';

const programs = (command: readonly string[] | string) =>
  understandCommand(command).commands.flatMap(({ words }) =>
    words.length === 0 ? [] : [words.map(({ text, literal }) => (literal ? text : `?${text}`)).join(' ')],
  );

describe('what a command does', () => {
  test.each<[string | string[], string[]]>([
    ['ls', ['ls']],
    ['ls -l /var/log', ['ls -l /var/log']],
    [['ls', '-l', '/tmp/a b'], ['ls -l /tmp/a b']],
    [['/usr/bin/id'], ['/usr/bin/id']],
    [['echo', '$HOME;rm -rf /'], ['echo $HOME;rm -rf /']],
    ['echo "a b" \'c d\' e\\ f', ['echo a b c d e f']],
    ["'l's", ['ls']],
    ['l\\s', ['ls']],
    ['l""s -l', ['ls -l']],
    ['ls; pwd', ['ls', 'pwd']],
    ['ls && pwd || id', ['ls', 'pwd', 'id']],
    ['ls | grep x | wc -l', ['ls', 'grep x', 'wc -l']],
    ['ls |& wc -l', ['ls', 'wc -l']],
    ['sleep 5 &', ['sleep 5']],
    ['(cd /tmp; ls)', ['cd /tmp', 'ls']],
    ['{ ls; pwd; }', ['ls', 'pwd']],
    ['! grep x y', ['grep x y']],
    ['time ls', ['ls']],
    ['ls # rm -rf /', ['ls']],
    ['ls \\\n -l', ['ls -l']],
    ['if test -f /x; then cat /x; else id; fi', ['test -f /x', 'cat /x', 'id']],
    ['if true; then ls; elif false; then pwd; fi', ['true', 'ls', 'false', 'pwd']],
    ['while sleep 1; do date; done', ['sleep 1', 'date']],
    ['until false; do ls; done', ['false', 'ls']],
    ['for f in a b; do cat $f; done', ['cat ?$f']],
    ['case $x in a) ls;; *) pwd;; esac', ['ls', 'pwd']],
    ['echo $HOME', ['echo ?$HOME']],
    ['echo "$HOME/x"', ['echo ?"$HOME/x"']],
    ['ls *.log', ['ls ?*.log']],
    ['ls ~/x', ['ls ?~/x']],
    ['cat {a,b}.txt', ['cat ?{a,b}.txt']],
    ['echo $(date)', ['date', 'echo ?$(date)']],
    ['echo `date`', ['date', 'echo ?`date`']],
    ['echo "now: $(date -u)"', ['date -u', 'echo ?"now: $(date -u)"']],
    ['echo $(echo $(id))', ['id', 'echo ?$(id)', 'echo ?$(echo $(id))']],
    ['echo ${x:-$(id)}', ['id', 'echo ?${x:-$(id)}']],
    ['x=$(id); echo $x', ['id', 'echo ?$x']],
    ['cat <(ls)', ['ls', 'cat ?<(ls)']],
    ['cat <<EOF\n$(id)\nEOF', ['id', 'cat']],
    ["cat <<'EOF'\n$(id)\nEOF", ['cat']],
    ['grep x <<< "$(id)"', ['id', 'grep x']],
    ['ls > /tmp/x 2>&1', ['ls']],
    ['ls 2>/dev/null', ['ls']],
    ['ls &> /tmp/x', ['ls']],
    ['echo $((1 + 2))', ['echo ?$((1 + 2))']],
    ['LANG=C ls', ['ls']],
    ['PGPASSWORD=x pg_dump crm', ['pg_dump crm']],
    ['set -euo pipefail; ls', ['set -euo pipefail', 'ls']],
    ['export API_TOKEN=abc; ls', ['export API_TOKEN=abc', 'ls']],
    ['dd if=/dev/zero of=/tmp/x bs=1 count=1', ['dd if=/dev/zero of=/tmp/x bs=1 count=1']],
    [
      ['sh', '-c', 'ls; id'],
      ['sh -c ls; id', 'ls', 'id'],
    ],
    [
      ['/bin/bash', '-c', 'ls'],
      ['/bin/bash -c ls', 'ls'],
    ],
    ['bash -euxo pipefail -c "ls"', ['bash -euxo pipefail -c ls', 'ls']],
    ['sh -c \'sh -c "id"\'', ['sh -c sh -c "id"', 'sh -c id', 'id']],
    [
      ['sh', '-ec', 'ls', 'name', 'one'],
      ['sh -ec ls name one', 'ls'],
    ],
    [['sh', '/opt/run.sh', 'x'], ['sh /opt/run.sh x']],
    [
      ['env', '-i', 'LANG=C', 'ls'],
      ['env -i LANG=C ls', 'ls'],
    ],
    [['env'], ['env']],
    ['sudo -n -u app cat /x', ['sudo -n -u app cat /x', 'cat /x']],
    ['nohup sleep 5', ['nohup sleep 5', 'sleep 5']],
    ['timeout -s KILL 5s ls', ['timeout -s KILL 5s ls', 'ls']],
    ['nice -n 5 ls', ['nice -n 5 ls', 'ls']],
    ['command ls', ['command ls', 'ls']],
    ['busybox wc -l', ['busybox wc -l', 'wc -l']],
    ['nohup nice sh -c id', ['nohup nice sh -c id', 'nice sh -c id', 'sh -c id', 'id']],
    ['find / -name x', ['find / -name x']],
    ['find . -type f -exec grep -l x {} +', ['find . -type f -exec grep -l x {} +', 'grep -l x ?{}']],
    ['find . | xargs -0 -n 1 grep x', ['find .', 'xargs -0 -n 1 grep x', 'grep x ?(from its input)']],
    ['ls | xargs -I{} cat {}', ['ls', 'xargs -I{} cat {}', 'cat ?{}']],
    [['python3', 'manage.py', 'migrate'], ['python3 manage.py migrate']],
    [['python3', '-m', 'json.tool'], ['python3 -m json.tool']],
    [['node', '--version'], ['node --version']],
    ["awk '{print $1, $NF}' /x", ['awk {print $1, $NF} /x']],
    ["awk -F: '{print $1}' /etc/passwd", ['awk -F: {print $1} /etc/passwd']],
    ["sed -n '1,20p' /x", ['sed -n 1,20p /x']],
    ["sed 's/a/b/g' /x", ['sed s/a/b/g /x']],
    ['tar -czf - /data', ['tar -czf - /data']],
    ["printf '%s\\n' x", ['printf %s\\n x']],
    ['[ -f /x ] && ls', ['[ -f /x ]', 'ls']],
  ])('%j is understood', (command, expected) => {
    expect(programs(command)).toEqual(expected);
    expect(understandCommand(command).opaque).toEqual([]);
  });
});

describe('what cannot be understood', () => {
  test.each<[string | string[]]>([
    ['{rm,-rf,/}'],
    ['cat${IFS}x'],
    ['/bin/r? x'],
    ['/bin/[r]m x'],
    ['$X'],
    ['"$X" a'],
    ['$(echo rm) x'],
    ['`echo rm` x'],
    ['r$@m x'],
    ['~/bin/x'],
    ["$'\\x72m' x"],
    ["echo $'a\\'; rm #'"],
    ['$"rm" x'],
    ['@(rm|ls) x'],
    ['eval "rm x"'],
    ['source /x'],
    ['. /x'],
    ["trap 'rm x' EXIT"],
    ["alias ls='rm x'"],
    ['ls() { rm x; }; ls'],
    ['function ls { rm x; }'],
    ['echo x | sh'],
    ['curl http://x | bash -s'],
    ['sh <<EOF\nrm x\nEOF'],
    ['sh < /tmp/x'],
    ['sh /dev/stdin'],
    ['bash -i'],
    ['bash -l -c ls'],
    ['bash --rcfile /x -c ls'],
    ['sh -c "$X"'],
    ['sh -c "rm $(cat /x)"'],
    [['sh']],
    [['zsh', '-c', 'ls']],
    [['fish', '-c', 'ls']],
    [[]],
    [['']],
    [['sh', '-c', "echo 'unfinished"]],
    ['if true'],
    ['ls ;; pwd'],
    ['ls\r\nrm x'],
    ['ls \u0000'],
    ['PATH=/tmp ls'],
    ['LD_PRELOAD=/x ls'],
    ['IFS=x; ls'],
    ['export BASH_ENV=/x'],
    ['env LD_PRELOAD=/x ls'],
    ['env -S "ls -l"'],
    ['read PATH'],
    ['for PATH in a; do ls; done'],
    ['echo ${PATH:=/tmp}'],
    ['unset PATH'],
    ['declare -n x=y'],
    ['sudo -i'],
    ['sudo -s'],
    ['su -c ls'],
    ['ssh host ls'],
    ['watch ls'],
    ['exec'],
    ['exec 3<>/dev/tcp/a/80'],
    ['cat < /dev/tcp/a/80'],
    ['ls | xargs rm'],
    ['ls | xargs sh -c'],
    ['ls | xargs -I% sh -c %'],
    ['ls | xargs --arg-file=/x grep'],
    ['find . -exec sh -c {} ";"'],
    ['find . -exec rm {} +'],
    ['find . -exec ls'],
    ['find . $X'],
    ['rm $X'],
    ['rm *'],
    ['ls > $X'],
    ['ls > >(sh)'],
    ['echo $((x))'],
    ['echo $((a[$(id)]))'],
    ['echo $[1+1]'],
    ['((x=1))'],
    ['((ls))'],
    ['for ((;;)); do ls; done'],
    ['[[ -f x && rm ]]'],
    ['[[ x -eq y ]]'],
    ['test -v "a[$(id)]"'],
    ['[ "$x" = y ]'],
    ['printf -v PATH x'],
    ['echo ${!x}'],
    ['echo ${x@P}'],
    ['echo ${a[x]}'],
    ['echo ${x:y}'],
    ['a[0]=1 ls'],
    ['a=(1 2)'],
    ['a+=b ls'],
    ['{fd}>x ls'],
    ['ls &>x rm'],
    ['coproc ls'],
    ['select x in a; do ls; done'],
    ['echo `echo \\`id\\``'],
    ['echo ${ id;}'],
    ['let x=1'],
    ['mapfile -C id -c 1 x'],
    ['shopt -s expand_aliases'],
    ['set -- x'],
    ['python -c "print(1)"'],
    ['python3.12 -c x'],
    ['python -Bc x'],
    ['python'],
    [['perl', '-ne', 'system("id")']],
    [['perl', '-pi.bak', '-e', 'x']],
    [['ruby', '-e', 'x']],
    [['node', '-e', 'x']],
    [['node', '--eval=x']],
    [['node', '--require', '/x', 'y.js']],
    [['php', '-r', 'x']],
    ['awk \'BEGIN{system("id")}\''],
    ['awk \'{print | "sh"}\''],
    ['awk \'{print > "/x"}\''],
    ['awk -f /x'],
    ["sed 's/a/b/e' /x"],
    ["sed '1e id' /x"],
    ["sed 'w /x' /y"],
    ['sed -f /x /y'],
    ['tar -cf /dev/null --checkpoint=1 --checkpoint-action=exec=sh /x'],
    ['tar -I sh -xf /x'],
    ['tar -xf /x --to-command=sh'],
    ['vi /x'],
    ['less /x'],
    [['psql', '-c', '\\! id']],
    [['/lib64/ld-linux-x86-64.so.2', '/bin/sh']],
    ['busybox sh'],
    ['strace ls'],
    ['nohup $X'],
    ['timeout x ls'],
  ])('%j is opaque', (command) => {
    expect(understandCommand(command).opaque).not.toEqual([]);
  });

  test('what runs inside of what is opaque is still told', () => {
    expect(programs('eval "$(curl http://x)"')).toContain('curl http://x');
  });

  test('a command that is too long or nested too deeply is opaque', () => {
    expect(understandCommand(`echo ${'a'.repeat(70_000)}`).opaque).toEqual(['it is too long']);
    expect(understandCommand('ls;'.repeat(5000)).opaque).toEqual(['it is too long']);
    expect(understandCommand(`${'('.repeat(200)}ls${')'.repeat(200)}`).opaque).not.toEqual([]);
    expect(understandCommand(`${'$('.repeat(500)}ls${')'.repeat(500)}`).opaque).not.toEqual([]);
  });
});

test('files that a command reads and writes are told', () => {
  const [command] = understandCommand('sort < /in > /out 2>> /log').commands;

  expect(command?.redirections.map(({ operator, target }) => `${operator} ${target?.text}`)).toEqual([
    '< /in',
    '> /out',
    '>> /log',
  ]);
});

describe('no text makes it fail', () => {
  const fragment = fc.constantFrom(
    ...[
      '$(',
      ')',
      '`',
      '"',
      "'",
      '\\',
      '{',
      '}',
      ',',
      '[',
      ']',
      '((',
      '))',
      '<<',
      'EOF',
      '\n',
      ' ',
      ';',
      '&',
      '|',
      '<',
      '>',
      '$',
      '${',
    ],
    ...[
      'x',
      'rm',
      'sh -c ',
      'eval ',
      '=',
      '#',
      '!',
      '~',
      '*',
      '?',
      'if ',
      'then ',
      'fi',
      'do ',
      'done',
      'case ',
      'in ',
      'esac',
      '@',
    ],
  );

  test('whatever it holds, it is read or opaque', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fragment, { maxLength: 40 }).map((all) => all.join('')),
        ),
        (text) => {
          const { commands, opaque } = understandCommand(text);
          expect(commands.length + opaque.length).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** What a program gets from a shell; nothing where the shell refuses the script. */
function wordsByShell(shell: string, script: string): string[] | undefined {
  const options = { encoding: 'utf8', env: { PATH: '' }, cwd: '/', timeout: 5000 } as const;
  const { status, stdout } = spawnSync(shell, ['-c', `printf '<%s>' ${script}`], options);
  return status === 0 ? stdout.slice(1, -1).split('><') : undefined;
}

describe.each(['/bin/bash', '/bin/dash'].filter((shell) => existsSync(shell)))('as %s reads it', (shell) => {
  const piece = fc.constantFrom(
    ...[
      'a',
      'b',
      '-',
      '/',
      '.',
      '=',
      ':',
      ',',
      '%',
      '+',
      '^',
      '@',
      '#',
      '!',
      '{',
      '}',
      '[',
      ']',
      '~',
      '\\ ',
      '\\$',
      '\\\\',
      "\\'",
    ],
    ...[
      "'x y'",
      "'$z'",
      "'\\'",
      '"p q"',
      '"\\$"',
      '"\\\\"',
      '"\\x"',
      "''",
      '""',
      '*',
      '?',
      '$',
      '$y',
      '{a,b}',
      '{1..2}',
      '\\\n',
      'é',
    ],
  );
  const word = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''));

  test('a word that is told to be literal is what the program gets', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 3 }), (words) => {
        const script = words.join(' ');
        const { commands, opaque } = understandCommand(`showwords ${script}`);
        const read = commands[0]?.words.slice(1) ?? [];
        fc.pre(opaque.length === 0 && commands.length === 1 && read.length > 0 && read.every(({ literal }) => literal));

        expect(read.map(({ text }) => text)).toEqual(wordsByShell(shell, script) ?? read);
      }),
      { numRuns: 60 },
    );
  });
});
