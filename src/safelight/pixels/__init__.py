"""Picture files to arrays and back. `files.py` is the door: read_photo, write_photo.

What a file is   kinds, opening (by Pillow, within the limit), tiff_pages, tiff_layout,
                 box_formats (AVIF, JPEG 2000, HEIC)
Reading          decode, tiff_samples (what Pillow does not keep of a TIFF), inputs (what callers give for a photo)
Color in a file  space, which_rgb, icc, icc_tables, profiles, native (own numbers to sRGB)
Metadata         photo (what is kept), read_metadata, write_metadata, exif, xmp, jpeg_segments, png_chunks,
                 tiff_directories
Writing          encode, tiff
Pictures         color (sRGB and Lab), tone (toning and casts), mounts (the paper around), geometry
"""
