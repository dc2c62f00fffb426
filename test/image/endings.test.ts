/** Recognising image files by the endings of their names. */
import assert from "node:assert/strict";
import {
  endingOf,
  hasReadableEnding,
  hasUnreadPictureEnding,
  PICTURE_ENDINGS_NOT_READ,
  READABLE_ENDINGS,
  withoutEnding,
} from "../../src/image/endings.js";

describe("image/endings", () => {
  it("recognises endings in any letter case, and no name that begins with a dot", () => {
    for (const name of ["a.jpg", "a/b.JPG", "a.b.JFIF", "x.jpe", "x.dib", "x.WebP", "x.avif"]) {
      assert.ok(hasReadableEnding(name), name);
      assert.ok(!hasUnreadPictureEnding(name), name);
    }
    for (const name of ["a.HEIC", "a.jp2", "a.ppm", "a.dng"]) assert.ok(hasUnreadPictureEnding(name), name);
    for (const name of [".jpg", "a/.png", "jpg", "a.jpg/b", "a.txt", "a."]) {
      assert.ok(!hasReadableEnding(name) && !hasUnreadPictureEnding(name), name);
    }
    assert.equal(endingOf("dir.png/name"), "");
  });

  it("removes the ending of a readable picture only", () => {
    assert.equal(withoutEnding("a/b.c.JPEG"), "a/b.c");
    assert.equal(withoutEnding("a/b.heic"), "a/b.heic");
    assert.equal(withoutEnding("000001"), "000001");
  });

  it("puts no ending on both lists", () => {
    const both = READABLE_ENDINGS.filter((ending) => PICTURE_ENDINGS_NOT_READ.includes(ending));
    assert.deepEqual(both, []);
    for (const ending of [...READABLE_ENDINGS, ...PICTURE_ENDINGS_NOT_READ]) assert.match(ending, /^\.[a-z0-9]+$/);
  });
});
