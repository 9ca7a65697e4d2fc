/** Formats whose first plane, or a part of each pixel, is luma. All others are RGB in some order. */
const lumaPattern = /^(yuv|yvyu|yuyv|uyvy|uyyv|nv\d|p[0-9]|y[0-9]|xv|vuy|vyu|ayuv|gray|ya\d)/;

/** Whether frames of this pixel format hold red, green and blue. */
export function isRgb(pixelFormat: string): boolean {
  return !lumaPattern.test(pixelFormat);
}

/** 1 to 16; 8 where the name does not say. */
export function bitDepth(pixelFormat: string): number {
  const match = /(?:^gray|p|^gbrp)(9|10|12|14|16)(?:le|be)?$/.exec(pixelFormat);
  return match ? Number(match[1]) : 8;
}
