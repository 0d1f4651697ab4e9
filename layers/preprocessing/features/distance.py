"""How far apart two places are."""

import numpy as np

EARTH_RADIUS_KM = 6371.0088


def distance(
    latitude: np.ndarray, longitude: np.ndarray, other_latitude: np.ndarray, other_longitude: np.ndarray
) -> np.ndarray:
    """Kilometres between two places on the globe, by their latitudes and longitudes in degrees.

    >>> distance(np.array([47.4]), np.array([8.5]), np.array([46.2]), np.array([6.1])).round().tolist()
    [226.0]
    """
    north, south = np.radians(latitude), np.radians(other_latitude)
    haversine = (
        np.sin((north - south) / 2) ** 2
        + np.cos(north) * np.cos(south) * np.sin(np.radians(longitude - other_longitude) / 2) ** 2
    )
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(haversine, 0, 1))))
