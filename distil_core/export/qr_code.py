"""An address as a QR code, to be taken from a projector with a phone."""

import io


def qr_code(address: str, *, scale: int = 6) -> str:
    """Return an address as an SVG image, black on white with the margin that readers need (ISO/IEC 18004: 4 modules).

    Args:
        address: What a phone is to open.
        scale: Pixels of a module.
    """
    import segno

    image = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        image, kind="svg", scale=scale, border=4, dark="#000", light="#fff"
    )
    return image.getvalue().decode()
