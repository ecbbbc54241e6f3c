import { describe, expect, test } from 'vitest';
import { type Doubts, understood } from './known.ts';

const recorded = (text: string, doubts?: Doubts) => understood(text, doubts).recorded;
const value = (given: string) => ({ value: given });

describe('what the trail holds of a statement', () => {
  test.each([
    ['SELECT id FROM crm.users WHERE email = "ada@x.test"', '«EMAIL_ADDRESS:'],
    ["SELECT id FROM crm.users WHERE email LIKE 'ada%'", '«EMAIL_ADDRESS:'],
    ['SELECT id FROM crm.users WHERE email IN ("ada", "bob")', '«EMAIL_ADDRESS:'],
    ['SELECT id FROM crm.users WHERE contact.phone = "ada 1"', '«PHONE_NUMBER:'],
    ['INSERT INTO crm.users (id, email) VALUES (1, "ada")', '«EMAIL_ADDRESS:'],
    ['UPDATE crm.users SET email = "ada" WHERE id = 1', '«EMAIL_ADDRESS:'],
    ['SELECT "ada" AS x FROM crm.users', '«LITERAL:'],
    ['SELECT id FROM crm.users WHERE LOWER(email) = "ada"', '«LITERAL:'],
    ['SELECT id FROM crm.users WHERE CONCAT(name, "ada") = name', '«LITERAL:'],
    ['SELECT id FROM crm.users WHERE name = r"ada"', '«LITERAL:'],
    ['SELECT id FROM (SELECT id, email AS name FROM crm.users) WHERE name = "ada"', '«LITERAL:'],
    ['SELECT id FROM (SELECT id, email name FROM crm.users) WHERE name = "ada"', '«LITERAL:'],
    ['SELECT id FROM crm.users WHERE name = "ada" || "x"', '«LITERAL:'],
    ['SELECT id AS `ada lovelace 1815` FROM crm.users', '«NAME:'],
  ])('a value that may be classified is sealed: %s', (text, seal) => {
    const { statement } = recorded(text);

    expect(statement).toContain(seal);
    expect(statement).not.toContain('ada');
  });

  test('what is compared with a column that holds nothing classified stays', () => {
    const text =
      'SELECT id FROM crm.orders WHERE status = "paid" AND id IN (1, 2) AND total BETWEEN 5 AND 10 LIMIT 100';

    expect(recorded(text)).toEqual({ statement: text, parameters: [] });
  });

  test('but not what a detector knows', () => {
    const { statement } = recorded('SELECT id FROM crm.orders WHERE status = "ada@lovelace.test"');

    expect(statement).toContain('«EMAIL_ADDRESS:');
  });

  test('numbers compared with what is hidden are sealed', () => {
    const { statement } = recorded('SELECT id FROM crm.users WHERE score > 77 AND card = 4111111111111111');

    expect(statement).toMatch(/score > «SCORE:[\w-]+» AND card = «CREDIT_CARD_NUMBER:[\w-]+»/);
  });

  test('comments are left out', () => {
    expect(recorded('SELECT 1 -- ada\n + /* ada */ 2 # ada').statement).toBe('SELECT 1 --…\n + /*…*/ 2 --…');
  });

  test('parameters are sealed by what they stand beside', () => {
    const parameters = [
      { name: 'mail', type: { type: 'STRING' }, value: value('ada') },
      { name: 'id', type: { type: 'INT64' }, value: value('5') },
      { name: 'both', type: { type: 'STRING' }, value: value('ada') },
    ];
    const kept = recorded(
      'SELECT id FROM crm.users WHERE email = @mail AND id = @id AND (name = @both OR email = @both)',
      { parameters },
    ).parameters;

    expect(JSON.stringify(kept[0])).toContain('«EMAIL_ADDRESS:');
    expect(kept[1]).toEqual(parameters[1]);
    expect(JSON.stringify(kept[2])).toContain('«LITERAL:');
  });

  test('a literal and a parameter of one value are sealed alike', () => {
    const [literal] = recorded('SELECT id FROM crm.users WHERE email = "ada"').statement.match(/«.*»/) ?? [];
    const parameters = [{ type: { type: 'STRING' }, value: value('ada') }];

    expect(JSON.stringify(recorded('SELECT id FROM crm.users WHERE email = ?', { parameters }).parameters)).toContain(
      literal,
    );
  });

  test('of what is refused every literal is sealed', () => {
    const { statement } = recorded('SELECT crm.f(id) FROM crm.orders WHERE status = "paid"');

    expect(statement).not.toContain('paid');
  });

  test('what cannot be read is sealed as a whole', () => {
    const { statement, returned } = recorded('SELECT "ada');

    expect(statement).toMatch(/^«STATEMENT:[\w-]+»$/);
    expect(returned).toBe(true);
  });

  test('an answer that may hold what is sealed is not recorded', () => {
    expect(recorded('SELECT "ada" AS x').returned).toBe(true);
    expect(recorded('SELECT id FROM crm.users WHERE email = "ada"').returned).toBeUndefined();
  });
});
