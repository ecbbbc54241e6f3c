import { describe, expect, test } from 'vitest';
import { decide, whyUnusable } from '../../src/policy/policy.ts';
import { aQuestion } from './questions.ts';

const given = {
  groups: ['analysts'],
  agent: { model: 'gemini-3-pro', attested: true },
  identity: { email: 'bot@p.iam.gserviceaccount.com' },
  operation: {
    risks: ['bulk'] as const,
    classes: ['EMAIL_ADDRESS'],
    statement: 'select email from users',
    estimates: { bytes: 5_000, rows: 12 },
  },
};

describe('a condition may ask', () => {
  test.for([
    'agent.model.startsWith("gemini-3") && operation.bytes_estimate < 1e9',
    'identity.issuer == "https://accounts.google.com" && identity.subject == "1001"',
    'identity.email.endsWith("gserviceaccount.com")',
    '"analysts" in identity.groups',
    'identity.claims.repository == "acme/crm"',
    'identity.claims.nested.list[1] == 2',
    'has(identity.claims.repository) && !has(identity.claims.environment)',
    'agent.attested && !has(agent.name)',
    'connection.name == "crm" && connection.kind == "postgres" && connection.labels.env == "prod"',
    'operation.verb == "read" && "bulk" in operation.risks',
    'operation.resources.all(r, r.startsWith("public."))',
    'operation.resources.exists(r, identity.groups.exists(g, g == "analysts" && r == "public.users"))',
    'operation.rows_estimate <= 12 && operation.bytes_estimate == 5000',
    'operation.statement.matches("(?i)^SELECT\\\\b")',
    'operation.classes == ["EMAIL_ADDRESS"]',
    'time < timestamp("2027-01-01T00:00:00Z") && time.getHours() == 10',
    'true || identity.claims.missing == 1',
  ])('%s', (condition) => {
    const decision = decide(aQuestion({ policies: { p: { condition } } }, given));

    expect(decision).toMatchObject({ effect: 'allow' });
    expect(whyUnusable('policies', { condition })).toBeUndefined();
  });

  test('what a condition does not grant is not granted', () => {
    const set = { policies: { p: { condition: 'agent.model == "other"' } } };

    expect(decide(aQuestion(set, given))).toMatchObject({ effect: 'deny', reason: 'no-grant' });
  });
});

describe('a condition that errs denies, whatever else is granted', () => {
  test.for([
    ['what is not there', 'agent.name == "x"'],
    ['a division by zero', 'operation.statement.size() / 0 > 1'],
    ['a claim that every object has by itself', 'identity.claims.constructor == "x"'],
    ['a claim that is not there', 'identity.claims.environment == "prod"'],
    ['a comparison of unlike things', 'identity.claims.repository < 5'],
    ['no boolean', 'operation.statement'],
    ['an index that is not there', 'operation.resources[7] == "x"'],
    ['a syntax error', 'agent.model =='],
    ['an unknown variable', 'user.name == "x"'],
    ['an unknown function', 'contains(agent.model, "x")'],
    ['a regular expression that is none', 'agent.model.matches("(")'],
  ])('%s', ([, condition]) => {
    const set = { policies: { all: {}, odd: { condition } } };

    const decision = decide(aQuestion(set, given));

    expect(decision).toMatchObject({ effect: 'deny', reason: 'condition-error:odd', policies: ['odd'] });
  });

  test('also when it is that of a guard or of a deny', () => {
    const condition = 'agent.name == "x"';

    for (const effect of ['guard', 'deny'] as const) {
      const decision = decide(aQuestion({ policies: { all: {}, odd: { effect, condition } } }, given));
      expect(decision).toMatchObject({ effect: 'deny', reason: 'condition-error:odd' });
    }
  });

  test('but not where its policy does not speak of the operation', () => {
    const set = { policies: { all: {}, odd: { verbs: ['write' as const], condition: 'agent.name == "x"' } } };

    expect(decide(aQuestion(set, given))).toMatchObject({ effect: 'allow' });
  });

  test('a deny that holds is told before an error', () => {
    const set = { policies: { a: { condition: '1 / 0 == 1' }, no: { effect: 'deny' as const } } };

    expect(decide(aQuestion(set, given))).toMatchObject({ reason: 'deny:no' });
  });
});

describe('no condition can hold the gateway up', () => {
  const many = Array.from({ length: 5_000 }, (_, n) => `public.t${n}`);

  test.for([
    [
      'a macro within a macro over many resources',
      'operation.resources.all(a, operation.resources.exists(b, a == b))',
      many,
      '',
    ],
    [
      'a regular expression in a macro over a long statement',
      'operation.resources.exists(r, operation.statement.matches("^(a+)+$"))',
      many.slice(0, 100),
      'a'.repeat(100_000),
    ],
    ['macros nested more than three deep', '[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))', [], ''],
    ['an endless list of terms', Array(600).fill('1==1').join('&&'), [], ''],
    ['endless nesting', `${'('.repeat(1900)}true${')'.repeat(1900)}`, [], ''],
  ] as const)('%s is refused as an error', ([, condition, resources, statement]) => {
    const decision = decide(aQuestion({ policies: { p: { condition } } }, { operation: { resources, statement } }));

    expect(decision.reason).toBe('condition-error:p');
  });

  test('a regular expression that would backtrack elsewhere is answered', () => {
    const condition = '!operation.statement.matches("^(a+)+$")';
    const statement = `${'a'.repeat(50_000)}!`;

    const decision = decide(aQuestion({ policies: { p: { condition } } }, { operation: { statement } }));

    expect(decision.effect).toBe('allow');
  });
});

describe('an author is told what is wrong with a condition', () => {
  test.for([
    ['agent.model ==', 'condition:'],
    ['user.name == "x"', 'there is no variable user'],
    ['shout(agent.model)', 'there is no function shout'],
    [`${'('.repeat(1900)}true${')'.repeat(1900)}`, 'nested too deeply'],
    ['[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))', 'more than 3 deep'],
  ])('%.40s', ([condition, words]) => {
    expect(whyUnusable('policies', { condition })).toContain(words);
  });

  test('documents of other kinds and policies without a condition have nothing wrong', () => {
    expect(whyUnusable('groups', { condition: '(' })).toBeUndefined();
    expect(whyUnusable('policies', {})).toBeUndefined();
  });
});
