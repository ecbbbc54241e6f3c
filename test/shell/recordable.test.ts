// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so do shells write their variables
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordable } from '../../src/shell/shell.ts';

const seal = (className: string) => `«${className}»`;
const S = '«CREDENTIAL»';

describe('a command as the trail may hold it', () => {
  test.each<[string | string[], string | string[]]>([
    ['mysql -phunter2 -h db', `mysql -p${S} -h db`],
    ['mysqldump --password=hunter2 crm', `mysqldump --password=${S} crm`],
    ['mysqladmin password hunter2', `mysqladmin password ${S}`],
    ['PGPASSWORD=hunter2 psql -h db', `PGPASSWORD=${S} psql -h db`],
    ['MYSQL_PWD="hunter 2" mysql', `MYSQL_PWD="${S}" mysql`],
    ['export API_TOKEN=hunter2', `export API_TOKEN=${S}`],
    ['AWS_SECRET_ACCESS_KEY=hunter2 aws s3 ls', `AWS_SECRET_ACCESS_KEY=${S} aws s3 ls`],
    ['curl -u a:hunter2 https://x', `curl -u ${S} https://x`],
    ['curl -sSu a:hunter2 https://x', `curl -sSu ${S} https://x`],
    ['curl --user=a:hunter2 https://x', `curl --user=${S} https://x`],
    ['curl https://a:hunter2@x/y', `curl https://a:${S}@x/y`],
    ["curl -H 'Authorization: Bearer hunter2' x", `curl -H 'Authorization: ${S}' x`],
    ["curl -H 'X-Api-Key: hunter2' x", `curl -H 'X-Api-Key: ${S}' x`],
    ['curl -H "Cookie: a=hunter2" x', `curl -H "Cookie: ${S}" x`],
    [`curl -d '{"password":"hunter2"}' x`, `curl -d '{"password":"${S}"}' x`],
    ["curl -d 'user=a&password=hunter2&x=1' x", `curl -d 'user=a&password=${S}&x=1' x`],
    ['redis-cli -a hunter2 ping', `redis-cli -a ${S} ping`],
    ['sshpass -p hunter2 ssh x', `sshpass -p ${S} ssh x`],
    ['openssl enc -pass pass:hunter2', `openssl enc -pass ${S}`],
    ['docker login -u a -p hunter2', `docker login -u a -p ${S}`],
    ['htpasswd -b /x user hunter2', `htpasswd -b /x user ${S}`],
    ['vault kv put secret/x a=hunter2', `vault kv put secret/x a=${S}`],
    [
      'kubectl create secret generic x --from-literal=a=hunter2',
      `kubectl create secret generic x --from-literal=a=${S}`,
    ],
    ['foo --token hunter2 -v', `foo --token ${S} -v`],
    ['sudo mysql -phunter2', `sudo mysql -p${S}`],
    ["sh -c 'mysql -phunter2'", `sh -c 'mysql -p${S}'`],
    ['echo root:hunter2 | chpasswd', `echo ${S} | chpasswd`],
    ['chpasswd <<< root:hunter2', `chpasswd <<< ${S}`],
    ['psql -c "alter user a password \'hunter2\'"', `psql -c "alter user a password '${S}'"`],
    [
      ['mysql', '-phunter2'],
      ['mysql', `-p${S}`],
    ],
    [
      ['sh', '-c', 'PGPASSWORD=hunter2 psql'],
      ['sh', '-c', `PGPASSWORD=${S} psql`],
    ],
    [
      ['psql', 'postgres://a:hunter2@db/x'],
      ['psql', `postgres://a:${S}@db/x`],
    ],
    [
      ['app', '--password', 'hun ter2'],
      ['app', '--password', S],
    ],
  ])('%j', (command, expected) => {
    expect(recordable(command, seal)).toEqual(expected);
  });

  test.each<[string | string[]]>([
    ['ls -l /var/log'],
    ['foo --token-file /x --password-stdin'],
    ['foo --password=$PASSWORD "--token=${TOKEN}"'],
    ['git log --author=me'],
    [['grep', '-p', 'x']],
    ['curl https://example.com/a:b@c'],
  ])('%j holds nothing that is sealed', (command) => {
    expect(recordable(command, seal)).toEqual(command);
  });

  test.each([
    ["echo 'mysql -phunter2"],
    ['if mysql -phunter2'],
    ['mysql -phunter2\r\n'],
    ['echo `mysql -p\\`echo hunter2\\``'],
  ])('of %j, which cannot be read for sure, nothing is told that may be secret', (script) => {
    expect(recordable(script, seal)).not.toContain('hunter2');
  });

  test('however it is quoted, the password is not there', () => {
    const quoted = fc.constantFrom(
      'hunter2',
      "'hunter2'",
      '"hunter2"',
      "hun'ter2'",
      '"hun"ter2',
      'hun\\ter2',
      '"hun""ter2"',
    );
    const place = fc.constantFrom(
      (q: string) => `mysql -p${q}`,
      (q: string) => `foo --password=${q}`,
      (q: string) => `foo --password ${q}`,
      (q: string) => `PGPASSWORD=${q} psql`,
      (q: string) => `ls; (curl -u a:${q} x)`,
      (q: string) => `echo $(vault login ${q})`,
      (q: string) => `sh -c "foo --token=${q.replaceAll('"', "'")}"`,
    );
    fc.assert(
      fc.property(place, quoted, (at, q) => {
        const recorded = recordable(at(q), seal);
        expect(recorded).not.toMatch(/hunter2|ter2/);
      }),
    );
  });
});
