import { expect, test } from 'vitest';
import { statusOf } from '../../src/api/status.ts';
import { Problem } from '../../src/model/problem.ts';

test.each([
  ['kubernetes:media-type', 415, 'UnsupportedMediaType'],
  ['kubernetes:accept', 406, 'NotAcceptable'],
  ['kubernetes:body', 400, 'BadRequest'],
])('what is refused as %s is told in a way that clients go on from: %i', (reason, code, name) => {
  const status = statusOf(new Problem('operation-unreadable', { detail: 'Send JSON.', reason }), undefined);

  expect(status).toMatchObject({ code, reason: name, message: expect.stringContaining('Send JSON.') });
});
