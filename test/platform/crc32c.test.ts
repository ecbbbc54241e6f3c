import { expect, test } from 'vitest';
import { crc32c } from '../../src/platform/crc32c.ts';

/** RFC 3720, appendix B.4, and the customary check value. */
test.each([
  ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 times ff', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['ascending bytes', Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
  ['nine digits', Buffer.from('123456789'), 0xe3069283],
  ['nothing', Buffer.alloc(0), 0],
])('the checksum of %s is that of the standard', (_, bytes, checksum) => {
  expect(crc32c(bytes)).toBe(checksum);
});
