import type { Homography } from '../core/homography.js';

/** A square plate in space, seen by a pinhole camera: pixels and radians. */
export interface Pose {
  /** Centre on the frame. */
  readonly x: number;
  readonly y: number;
  /** Side as seen from the front. */
  readonly size: number;
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
}

/** Distance of the camera in sides of the plate: small is strong perspective. */
const CAMERA_DISTANCE = 2.2;

/** The homography of the unit square onto the frame: K [r1 r2 t] (Hartley and Zisserman, 8.1). */
export function poseMatrix({ x, y, size, yaw, pitch, roll }: Pose): Homography {
  const [cy, sy, cp, sp, cr, sr] = [yaw, pitch, roll].flatMap((a) => [Math.cos(a), Math.sin(a)]) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // The first two columns of Rz(roll) Rx(pitch) Ry(yaw).
  const r1 = [cr * cy - sr * sp * sy, sr * cy + cr * sp * sy, -cp * sy] as const;
  const r2 = [-sr * cp, cr * cp, sp] as const;
  // The plate's point (u, v) in [0,1]^2 lies at (u - 1/2) r1 + (v - 1/2) r2 + (0, 0, distance).
  const t = [0, 1, 2].map((k) => -(r1[k]! + r2[k]!) / 2 + (k === 2 ? CAMERA_DISTANCE : 0)) as [
    number,
    number,
    number,
  ];
  const focal = size * CAMERA_DISTANCE;
  return [
    focal * r1[0] + x * r1[2],
    focal * r2[0] + x * r2[2],
    focal * t[0] + x * t[2],
    focal * r1[1] + y * r1[2],
    focal * r2[1] + y * r2[2],
    focal * t[1] + y * t[2],
    r1[2],
    r2[2],
    t[2],
  ];
}
