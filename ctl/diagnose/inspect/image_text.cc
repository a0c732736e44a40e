// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/image_text.h"

#include "base/text.h"

namespace nydus {

std::string DescribeImage(const RafsDetection& image) {
  std::string text(RafsKindName(image.kind));
  if (image.tarfs) text += ", tarfs";
  if (!image.compressor.empty()) text += StrCat(", ", image.compressor);
  if (!image.digester.empty()) text += StrCat(", ", image.digester);
  if (image.block_size != 0) text += StrCat(", blocks of ", image.block_size);
  if (image.blobs != 0) text += StrCat(", ", image.blobs, image.blobs == 1 ? " blob" : " blobs");
  if (!image.tail.empty()) text += StrCat(", ends with ", image.tail);
  if (!image.flaw.empty()) text += StrCat(": ", image.flaw);
  return text;
}

}  // namespace nydus
