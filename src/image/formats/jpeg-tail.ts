/** What may follow the last block of a JPEG file: one rule for all our decoders. */
import { APP0, COM, DAC, DHT, DNL, DQT, DRI, EOI, isRestart, nextSegment } from "./jpeg-segments.js";

/**
 * Largest number of harmless stray bytes before the end marker. Some cameras and editors pad their data there. Bytes
 * that were duplicated or shifted within the data leave more stray bytes, with all values. libjpeg and Pillow accept
 * any number and cannot distinguish the two cases.
 */
const MOST_STRAY = 16;
const MOST_STRAY_BESIDE_ZEROS = 4;
/** Largest number of stray bytes after an earlier scan. A decoder may read this many bytes ahead. */
const MOST_STRAY_BETWEEN_SCANS = 4;

export const PREMATURE_END = "Premature end of JPEG file: the end marker is missing";

/** True for segments that have no effect after the last scan. */
function isIdle(marker: number): boolean {
  return (marker >= APP0 && marker <= APP0 + 15) || [COM, DHT, DQT, DRI, DAC, DNL].includes(marker);
}

/** Position after which only fill bytes (0xff) come before `marker`. */
function beforeFill(bytes: Uint8Array, from: number, marker: number): number {
  let end = marker;
  while (end > from && bytes[end - 1] === 0xff) end--;
  return end;
}

/** What is wrong after the last block of the last scan, which ends at `at`; null if the file ends as it should. */
export function damageAfterScan(bytes: Uint8Array, at: number): string | null {
  let [stray, besideZeros] = [0, 0];
  for (let from = at; ; ) {
    const next = nextSegment(bytes, from);
    if (next === null) return PREMATURE_END;
    for (let i = from; i < beforeFill(bytes, from, next.start); i++) {
      stray++;
      if (bytes[i] !== 0) besideZeros++;
    }
    if (next.marker === EOI) break;
    if (isRestart(next.marker)) {
      stray += 2;
      besideZeros += 2;
    } else if (!isIdle(next.marker)) {
      return `marker 0x${next.marker.toString(16)} follows the whole picture`;
    }
    from = next.end;
  }
  return stray > MOST_STRAY || besideZeros > MOST_STRAY_BESIDE_ZEROS
    ? `${stray} stray bytes before the end marker: data were doubled, inserted or shifted`
    : null;
}

/** What is wrong after a scan that is not the last one; the marker after it is at `end`. Null if nothing is wrong. */
export function damageBetweenScans(bytes: Uint8Array, at: number, end: number): string | null {
  const stray = beforeFill(bytes, at, end) - at;
  return stray > MOST_STRAY_BETWEEN_SCANS ? `${stray} stray bytes between two scans` : null;
}
