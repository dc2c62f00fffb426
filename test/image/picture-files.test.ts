/** Which image files can be edited. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../src/image/codec.js";
import { readPicture } from "../../src/image/picture-files.js";
import { withFolder } from "../support/folder.js";
import { goldenPhoto } from "../support/pictures.js";

describe("image/picture-files", () => {
  it("reads square pictures and refuses others with what to do", async () => {
    await withFolder(async (folder) => {
      const path = join(folder, "face.png");
      await writeFile(path, await encodePng(goldenPhoto("face", 1, 64, 64)));
      assert.equal((await readPicture(path)).width, 64);
      await writeFile(path, await encodePng(goldenPhoto("face", 1, 218, 178)));
      const message = `${path}: expected a square picture of an aligned face, received 178 x 218. Edit a whole photo with 'elegant swap --paste-back', or crop its face first with 'elegant align'.`;
      await assert.rejects(readPicture(path), (error: Error) => {
        assert.equal(error.message, message);
        return error.name === "InputError";
      });
      await writeFile(path, "no image");
      await assert.rejects(readPicture(path), {
        name: "InputError",
        message: /JPEG, PNG, BMP, GIF, TIFF, WebP or AVIF/,
      });
      await assert.rejects(readPicture(join(folder, "none.png")), { name: "InputError", message: /ENOENT/ });
    });
  });
});
