/** CRC-32C and its masked form, which event files contain, against published checksums. */
import assert from "node:assert/strict";
import { crc32c, maskedCrc32c } from "../../src/training/crc32c.js";

describe("crc32c", () => {
  // RFC 3720, appendix B.4, and the customary check value.
  const published: readonly (readonly [string, Uint8Array, number])[] = [
    ["'123456789'", new TextEncoder().encode("123456789"), 0xe3069283],
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 bytes of ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ["0 to 31", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ["nothing", new Uint8Array(0), 0],
  ];
  for (const [what, bytes, expected] of published) {
    it(`gives the published checksum of ${what}`, () => assert.equal(crc32c(bytes), expected));
  }

  it("masks by a rotation and a constant", () => {
    assert.equal(maskedCrc32c(new Uint8Array(0)), 0xa282ead8);
  });
});
