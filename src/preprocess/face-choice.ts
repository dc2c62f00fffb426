/** Which faces of a photo get a crop. */
export const FACE_CHOICES = ["largest", "all"] as const;
export type FaceChoice = (typeof FACE_CHOICES)[number];
