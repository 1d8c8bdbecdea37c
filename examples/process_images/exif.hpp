// SPDX-License-Identifier: Apache-2.0
// examples/process_images/exif.hpp - which way up a camera was held.
//
// A phone stores the picture as the sensor saw it and notes in Exif how to turn
// it. A thumbnail has no Exif, so its pixels must be turned.
#pragma once

#include <cstddef>
#include <span>

#include "image.hpp"

namespace process_images {

/// Finds the Exif orientation of a JPEG.
///
/// Returns: 1 to 8; 1, which is upright, where there is none or where it makes no sense.
/// Spec:    Exif 2.32 §4.6.4, tag 0x0112.
[[nodiscard]] int exif_orientation(std::span<const std::byte> jpeg);

/// Turns and mirrors a picture stored with this orientation, so that it is upright.
[[nodiscard]] Image turn_upright(Image image, int orientation);

}  // namespace process_images
