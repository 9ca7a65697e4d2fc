/** Formats whose first plane, or a part of each pixel, is luma. All others are RGB in some order. */
const lumaPattern = /^(yuv|yvyu|yuyv|uyvy|uyyv|nv\d|p[0-9]|y[0-9]|xv|vuy|vyu|ayuv|gray|ya\d)/;

/** Whether frames of this pixel format hold red, green and blue. */
export function isRgb(pixelFormat: string): boolean {
  return !lumaPattern.test(pixelFormat);
}
