/** Which faces of a photo get a crop. */
export const FACE_CHOICES = ["largest", "all"] as const;
/** Which faces of a photo get a crop: the largest one, or all of them. */
export type FaceChoice = (typeof FACE_CHOICES)[number];
