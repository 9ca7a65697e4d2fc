import type { HostFacts } from '../../ports/host-upkeep.ts';

export function hostStatusDocument(facts: HostFacts) {
  const { name, address, image, upscalerImage, inferenceImage, slots, gpus, disk, dockerVersion } = facts;
  return {
    version: 1,
    host: name,
    address,
    docker_version: dockerVersion,
    image: image && { name: image.name, is_present: image.isPresent },
    upscaler_image: upscalerImage && { name: upscalerImage.name, is_present: upscalerImage.isPresent },
    inference_image: inferenceImage && { name: inferenceImage.name, is_present: inferenceImage.isPresent },
    slots: slots.map(({ slotId, state, container, status }) => ({
      slot_id: slotId,
      state,
      container,
      engine: status?.engine ?? null,
      runs: status?.runs ?? null,
    })),
    gpus: gpus.map(({ index, name: gpu, usedBytes, totalBytes }) => ({
      index,
      name: gpu,
      used_bytes: usedBytes,
      total_bytes: totalBytes,
    })),
    disk: disk && { free_bytes: disk.freeBytes, total_bytes: disk.totalBytes },
  };
}
