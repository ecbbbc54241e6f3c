import { expect, test } from 'vitest';
import { crc32c } from '../../../emulators/grpc/crc32c.ts';

// RFC 3720, appendix B.4.
test.each([
  ['nothing', Buffer.of(), 0],
  ['the check string', Buffer.from('123456789'), 0xe3069283],
  ['32 bytes of zeroes', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 bytes counting up', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
])('the checksum of %s is the published one', (_, data, checksum) => {
  expect(crc32c(data)).toBe(checksum);
});
