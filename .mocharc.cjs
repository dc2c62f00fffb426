/** Mocha's settings for `npm test`: the files NAME.test.ts that are not long. */
module.exports = require("./test/mocha.cjs").settingsOf("short");
