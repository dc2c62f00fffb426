/** Mocha's settings for `npm run test:long`: the files NAME.long.test.ts and NAME.kill.test.ts. */
module.exports = require("./test/mocha.cjs").settingsOf("long");
